"""Layers of a network that listens: convolutions over time and pitch, recurrent layers that read both ways."""
