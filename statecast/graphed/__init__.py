"""Steps and forecasts on a GPU as graphs that are captured once and replayed, at a few batch sizes.

Launching a step kernel by kernel takes milliseconds however many rows it has; a graph is one launch. ``GraphedSlots``
is the network on the rows of a cache (``statecast.models.slot_network``) in this form; the eager network is reference
and fallback.
"""

from statecast.graphed.slots import SIZES, GraphedSlots

__all__ = ["SIZES", "GraphedSlots"]
