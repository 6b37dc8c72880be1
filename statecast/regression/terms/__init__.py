"""Terms of a regression: what calendar and covariates give, and a few for each hour of the day."""
