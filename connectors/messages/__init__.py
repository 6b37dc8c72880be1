"""Messages as observations: their fields, times, numbers and covariates."""
