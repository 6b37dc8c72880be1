"""The training loop: objectives, loss weighting, checkpoints, averaged weights."""
