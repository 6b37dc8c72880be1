"""Inputs of classifiers: texts and series that wait, and which of them are read together."""
