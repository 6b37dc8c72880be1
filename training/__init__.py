"""The training room: tables become artifacts, offline."""
