"""Throughput of ``POST /classify``."""
