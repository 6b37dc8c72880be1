"""A fit that can be continued: tensors in one safetensors file, everything else in one JSON file."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from training.errors import TrainingError
from training.fitting.weights import RunningMean, Weights, copy_weights, put_weights

_TENSORS, _FACTS = "checkpoint.safetensors", "checkpoint.json"


@dataclass(frozen=True)
class Checkpoint:
    """What a fit needs to continue."""

    tensors: dict[str, Tensor]
    """Tensors by name, in named groups (``weights/…``, ``optimizer/…``)."""
    facts: dict[str, Any]
    """JSON values, at least ``step``."""

    def group(self, name: str) -> dict[str, Tensor]:
        """Pick one group of tensors.

        Parameters
        ----------
        name : str
            Name of the group, such as ``weights``.

        Returns
        -------
        dict of str to Tensor
            Those whose names begin with ``name/``, without it.
        """
        return {key[len(name) + 1 :]: value for key, value in self.tensors.items() if key.startswith(f"{name}/")}

    def save(self, folder: Path) -> None:
        """Write both files; an interruption leaves the former checkpoint or none, never a mixed one.

        Parameters
        ----------
        folder : Path
            Where to; it is made if it is not there.
        """
        folder.mkdir(parents=True, exist_ok=True)
        step = str(self.facts["step"])
        tensors = {name: value.detach().contiguous() for name, value in self.tensors.items()}
        save_file(tensors, folder / f"{_TENSORS}.{step}.new", metadata={"step": step})
        (folder / f"{_FACTS}.new").write_text(json.dumps(self.facts), encoding="utf-8")
        os.replace(folder / f"{_TENSORS}.{step}.new", folder / f"{_TENSORS}.{step}")
        os.replace(folder / f"{_FACTS}.new", folder / _FACTS)
        for old in folder.glob(f"{_TENSORS}.*"):
            if old.name != f"{_TENSORS}.{step}":
                old.unlink()

    @classmethod
    def load(cls, folder: Path) -> "Checkpoint | None":
        """Read the newest whole checkpoint of a folder.

        Parameters
        ----------
        folder : Path
            Where it was saved.

        Returns
        -------
        Checkpoint or None
            None where there is none.

        Raises
        ------
        TrainingError
            If there is one but it cannot be read.
        """
        if not (folder / _FACTS).is_file():
            return None
        try:
            facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
            return cls(load_file(folder / f"{_TENSORS}.{facts['step']}"), facts)
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise TrainingError(f"{folder}: the checkpoint cannot be read ({error}); fit without --resume") from None

    @staticmethod
    def remove(folder: Path) -> None:
        """Delete the checkpoint, when the artifact is whole.

        Parameters
        ----------
        folder : Path
            Where it was saved.
        """
        for name in folder.glob("checkpoint.*"):
            name.unlink()


def pack_optimizer(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Collect the moments of every parameter.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Such as AdamW.

    Returns
    -------
    dict of str to Tensor
        By ``PLACE/NAME``: place of the parameter and name of the moment; empty before the first step.
    """
    packed = {}
    for place, moments in optimizer.state_dict()["state"].items():
        for name, value in moments.items():
            packed[f"{place}/{name}"] = torch.as_tensor(value)
    return packed


def unpack_optimizer(optimizer: torch.optim.Optimizer, packed: dict[str, Tensor]) -> None:
    """Restore the moments that ``pack_optimizer`` collected.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        One of the same parameters, changed in place.
    packed : dict of str to Tensor
        What ``pack_optimizer`` gave.
    """
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in packed.items():
        place, name = key.split("/")
        state.setdefault(int(place), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def keep_run(
    folder: Path,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    best: Weights,
    average: RunningMean,
    **facts: Any,
) -> None:
    """Save all that a training needs to continue.

    Parameters
    ----------
    folder : Path
        Where to.
    network : nn.Module
        The network as it is now.
    optimizer : torch.optim.Optimizer
        Its optimizer.
    best : dict of str to Tensor
        Best weights so far, empty if there are none.
    average : RunningMean
        Averaged weights so far.
    **facts
        JSON values to keep beside, at least ``step``.
    """
    groups: dict[str, Weights] = {
        "weights": copy_weights(network),
        "best": best,
        "average": average.mean or {},
        "optimizer": pack_optimizer(optimizer),
        "random": {"torch": torch.get_rng_state()},
    }
    tensors = {f"{group}/{name}": value for group, values in groups.items() for name, value in values.items()}
    Checkpoint(tensors, {**facts, "averaged": average.count}).save(folder)


def resume_run(
    folder: Path | None, network: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[Weights, RunningMean, dict[str, Any]]:
    """Restore the weights, the moments and torch's randomness of a training that was interrupted.

    Parameters
    ----------
    folder : Path or None
        Where its checkpoint is.
    network : nn.Module
        One of the same shape, changed in place.
    optimizer : torch.optim.Optimizer
        Its optimizer, changed in place.

    Returns
    -------
    tuple of dict, RunningMean and dict
        Best weights, averaged weights, and the facts that ``keep_run`` kept.

    Raises
    ------
    TrainingError
        If there is nothing to resume, or it is of another network.
    """
    checkpoint = Checkpoint.load(folder) if folder else None
    if checkpoint is None:
        raise TrainingError(f"{folder}: no checkpoint to resume; fit without --resume")
    weights, own = checkpoint.group("weights"), network.state_dict()
    if {name: value.shape for name, value in weights.items()} != {name: value.shape for name, value in own.items()}:
        raise TrainingError(f"{folder}: the checkpoint is of another network; fit without --resume")
    put_weights(network, weights)
    unpack_optimizer(optimizer, checkpoint.group("optimizer"))
    torch.set_rng_state(checkpoint.group("random")["torch"])
    average = RunningMean(checkpoint.group("average") or None, checkpoint.facts["averaged"])
    return checkpoint.group("best"), average, checkpoint.facts
