"""What networks read beside the target: covariates, spatial grids, vocabularies."""
