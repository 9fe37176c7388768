"""The report's figures, one file each; each returns SVG that can stand in the page as it is."""
