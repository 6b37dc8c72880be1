"""The short way of streamed observations: arrays from parser to encoder for all requests of a batch."""
