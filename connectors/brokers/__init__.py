"""Brokers, one file each, found by its name, or brought by another package under ``statecast.brokers``."""
