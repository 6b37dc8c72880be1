"""Classification: film reviews beside a linear model, series beside published networks and time warping."""
