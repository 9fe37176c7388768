"""What simulated futures amount to: averages, one person's benefit, contrasts, their errors."""
