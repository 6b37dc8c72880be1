"""Forecasts at many cut-offs of a series, and how surprising its values were, in one pass."""
