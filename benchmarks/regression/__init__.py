"""Covariates and the calendar with the default model, without training, on series whose year and weather matter."""
