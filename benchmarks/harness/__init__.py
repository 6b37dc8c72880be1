"""What the serving benchmarks share: a server of their own, a cheap client, a liveness probe."""
