"""Functions of numbers and vectors, compiled; nothing here knows a forecaster."""

CELLS = ("lstm", "gru", "rnn", "peephole", "slstm", "mingru")
"""Recurrent cells that are written here; the number of a cell in compiled code is its place."""

DONE, MISFIT, NO_ROW = 0, -1, -2
"""What an entry gives back; above 0 it is how many numbers more it needs to work in."""
