"""Twins simulated forward, week by week, under every scenario with the same random shocks."""
