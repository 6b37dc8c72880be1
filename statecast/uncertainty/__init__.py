"""How far off a forecast may be: quantiles, calibration, hindcasts, autocorrelation of errors, sampling."""
