"""Where sessions live: the store is the truth, the cache of states only its copy."""
