"""Live sessions of one variable as arrays: what a streamed observation needs, without a value object per step."""
