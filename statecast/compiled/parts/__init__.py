"""What a forecaster does to rows of state, compiled: one file for each part of the eager network."""
