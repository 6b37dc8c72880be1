"""Series with a year in them, or with weather beside them: forecasts without training from cut-offs of the past."""
