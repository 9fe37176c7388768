"""From a cohort to a converged posterior: the PyMC model, its sampling, gate and storage."""
