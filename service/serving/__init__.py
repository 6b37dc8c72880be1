"""From a validated request to its answer: catalog, sessions, scheduler and engine put together."""
