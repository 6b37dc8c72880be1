"""The one place where tensors are: forecasts, texts and paths, all on one thread of their own."""

from service.engine.forecasts import ROW_STEPS, Engine
from service.engine.networks import Networks
from service.engine.paths import Paths
from service.engine.slab import device_of
from service.engine.texts import Texts

__all__ = ["ROW_STEPS", "Engine", "Networks", "Paths", "Texts", "device_of"]
