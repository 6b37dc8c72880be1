"""Tasks on which others published forecasts without training, rebuilt window by window from the public data."""
