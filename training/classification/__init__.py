"""Fits of classifiers: labelled texts and labelled series."""
