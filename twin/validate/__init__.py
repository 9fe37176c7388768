"""Checks of the whole method on cohorts whose truth is known. Run: python -m twin.validate."""
