"""What is done with a session as a whole: exported, imported, branched, listed."""
