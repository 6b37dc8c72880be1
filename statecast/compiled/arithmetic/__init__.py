"""Functions of numbers and vectors, compiled; nothing here knows a forecaster."""

CELLS = ("lstm", "gru", "rnn", "peephole", "slstm")
"""Recurrent cells that are written here; the number of a cell in compiled code is its place."""
