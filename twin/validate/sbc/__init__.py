"""Simulation-based calibration of the population parameters. Run: python -m twin.validate.sbc.

Draw a truth from the priors, a cohort from the truth and a posterior from the cohort, again and
again: where law, fit and sampler are right, the rank of a truth among draws from its posterior is
uniform, for every parameter and for every function of parameters and data (Talts 2018, arXiv
1804.06788; Modrák 2023, Bayesian Anal, doi 10.1214/23-BA1404).
"""
