"""``/v1``: completions and models in the OpenAI shape."""
