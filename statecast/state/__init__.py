"""The state of a series: its bytes, the look-back that it keeps, its causal scaling."""
