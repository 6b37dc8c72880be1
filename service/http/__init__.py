"""HTTP without models: middleware, keys, request ids, compression, bodies, server-sent events, problems."""
