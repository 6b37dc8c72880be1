"""The short way of ``POST /forecast``: whole series without a session, and nothing else."""
