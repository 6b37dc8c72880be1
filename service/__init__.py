"""Requests in, forecasts out: the HTTP service."""
