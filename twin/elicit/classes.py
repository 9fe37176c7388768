"""Episode classes, by how long the pain has lasted at entry."""

CLASSES = ("acute", "subacute", "persistent")
"""Pain for less than 6 weeks at entry, 6 to less than 12, 12 to less than 52."""
