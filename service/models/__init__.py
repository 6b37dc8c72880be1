"""The models that are served: what each is, which there are, what each allows."""
