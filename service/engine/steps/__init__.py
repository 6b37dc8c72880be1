"""Streamed observations on the engine's thread: what they leave in the store, and how it is read."""
