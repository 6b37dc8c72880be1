"""Fine-tuning: as a job, and the models that came of it."""

from service.protocols.nixtla.finetuning.routes import router
from service.protocols.nixtla.finetuning.task import FinetuneTask, finetuning_of

__all__ = ["FinetuneTask", "finetuning_of", "router"]
