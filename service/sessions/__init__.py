"""Sessions: whose turn it is, what a request changes, what is known of each. Arrays and a clock, no tensors."""
