"""Requests as no client should send them: made by structure, from a seed each, and the ones that once did harm."""
