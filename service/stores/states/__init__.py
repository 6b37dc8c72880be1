"""States of sessions as stores keep them."""
