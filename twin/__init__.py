"""Bayesian digital twins of people with low back or neck pain."""
