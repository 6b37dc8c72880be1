"""Dynamic regression: what calendar and covariates explain of a series, by least squares in its state."""
