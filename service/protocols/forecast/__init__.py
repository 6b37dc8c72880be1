"""``POST /forecast``."""
