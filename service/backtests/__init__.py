"""Forecasts at many cut-offs of whole series, a piece at a time beside all other work of the engine."""
