"""Texts become artifacts that continue a text: corpus, fit, n-gram baseline, report."""
