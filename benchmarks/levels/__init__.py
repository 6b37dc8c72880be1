"""How often intervals of every level hold, near and far."""
