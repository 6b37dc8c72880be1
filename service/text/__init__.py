"""Continuous batching of text."""
