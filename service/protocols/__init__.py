"""What each path answers, one folder per protocol."""
