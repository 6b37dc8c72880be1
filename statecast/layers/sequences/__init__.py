"""Layers that read padded sequences of different lengths, whole or as streams."""
