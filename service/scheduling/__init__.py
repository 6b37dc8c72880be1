"""Which work runs together and when. Integers and a clock, no tensors."""
