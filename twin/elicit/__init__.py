"""Published figures turned into beliefs about a new setting, and checked by simulated trials."""
