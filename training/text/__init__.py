"""Texts become artifacts that write on: corpus, fit, n-gram baseline, report."""
