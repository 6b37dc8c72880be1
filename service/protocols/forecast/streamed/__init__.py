"""The short way of ``POST /forecast``: one new observation of each of some sessions, and nothing else."""
