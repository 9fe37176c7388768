"""People drawn from evidence: twins without a cohort and without a fit."""
