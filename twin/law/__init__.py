"""The one law: pure functions that the likelihood, the twin update and the simulator share."""
