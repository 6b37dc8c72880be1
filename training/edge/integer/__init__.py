"""The int8 network in numpy, operation by operation what the header of C does: the reference that it must equal."""
