"""Interventions and scenarios as data; what is done to the twins comes from here."""
