"""All sessions of a store in one file, and back: ``python -m service export`` and ``import``."""
