"""Jobs: long work on a whole file, behind all requests, that outlives the process."""
