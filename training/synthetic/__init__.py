"""Synthetic series: what the default model learns from, and the built-in loads of the example.

``loads`` is one believable panel with times and a temperature. The rest draws batches of series of every kind for
pretraining: ``seasons``, ``trends``, ``noises`` and ``processes`` are parts, ``families`` composes them into kinds,
``damage`` does to them what sensors and people do, ``batches`` draws what a training step reads. Nothing here has seen
a real series; one generator, seeded, decides everything.
"""
