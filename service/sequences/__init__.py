"""Inputs of classifiers and transcribers: what waits, and what is read together."""
