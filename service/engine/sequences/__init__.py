"""Networks that read whole inputs, as the queue of inputs needs them."""
