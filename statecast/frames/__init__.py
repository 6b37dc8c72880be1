"""Frames of pandas, polars, pyarrow and others: read as series, and what comes of them laid out as they came."""
