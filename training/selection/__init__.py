"""What a fit chooses: defaults, recipes and their race, warm starts, members, pruning, sweeps."""
