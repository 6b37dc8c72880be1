"""Benchmarks: each prints both sides of one run, with the machine and the commit. None is part of the gate."""
