"""Bytes in, arrays out, and back: JSON, Arrow and CSV, plain or compressed. Nothing here knows a model."""
