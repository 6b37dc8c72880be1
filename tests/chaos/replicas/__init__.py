"""Two replicas on one Redis, any of which is killed at any moment."""
