"""Parquet files within limits."""

from service.codecs.parquet.reader import read_parquet

__all__ = ["read_parquet"]
