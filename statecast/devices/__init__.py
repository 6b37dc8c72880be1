"""What lets a step run on a device without waiting for it: constants that lie there, gates that were looked at."""
