"""Documents: what is kept beside the sessions under keys of its own, such as jobs."""
