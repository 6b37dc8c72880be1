"""Speech: errors on strings of digits, unknown speakers, both ways against one, speed, buckets, the reference size."""
