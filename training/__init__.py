"""The training package: tables become artifacts, offline."""
