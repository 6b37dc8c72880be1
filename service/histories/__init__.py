"""The short way of whole series without a session: arrays from parser to encoder for all requests of a batch."""
