"""``POST /generate``: scenario paths and text."""
