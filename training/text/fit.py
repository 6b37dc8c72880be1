"""The plain loop over a text: windows in, the weights that are kept out."""

import math
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.utils import clip_grad_norm_

from statecast.models.generator import Generator
from training.errors import TrainingError
from training.fitting.checkpoint import keep_run, resume_run
from training.fitting.loop import new_fabric
from training.fitting.weights import RunningMean, Weights, copy_weights, put_weights
from training.progress import Silent, Watcher
from training.text.config import TextTraining
from training.text.corpus import Corpus
from training.text.scores import score_passage
from training.text.windows import Window, Windows

_PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass
class TextCurves:
    """What happened: ``[epoch, nats a symbol]`` pairs, in training and as judged with carried state, and the costs."""

    loss: list[list[float]] = field(default_factory=list)
    validation: list[list[float]] = field(default_factory=list)
    best_epoch: int = 0
    best: float = math.inf
    epochs: int = 0
    steps: int = 0
    seconds: float = 0.0
    symbols: int = 0
    training_seconds: float = 0.0

    @property
    def symbols_per_second(self) -> float:
        """Trained symbols a second, without validations."""
        return self.symbols / max(self.training_seconds, 1e-9)


class TextFit:
    """One training of one generator, whose weights are changed in place.

    With a validation part the weights that predict it best are kept. Without one the last are kept, averaged over the
    last part of training, and the held-out part is shown but chooses nothing.
    """

    def __init__(self, network: Generator, corpus: Corpus, config: TextTraining, folder: Path | None = None) -> None:
        self.network, self.corpus, self.config, self.folder = network, corpus, config, folder
        self.windows = Windows(corpus.train.tokens, config.windows, config.batch, config.length, config.seed)
        self.chooses = len(corpus.validation.tokens) > 0
        self.average = RunningMean()
        self.best: Weights = {}
        self.curves = TextCurves()
        self._device = new_fabric(config.device).device
        network.to(self._device)
        self._optimizer = new_optimizer(network, config)

    def run(self, watcher: Watcher | None = None, resume: bool = False, stop_after: int | None = None) -> TextCurves:
        """Train to the end, or to epoch ``stop_after``; leaves the weights that are kept in the network.

        Raises
        ------
        TrainingError
            If the loss is not finite, or there is nothing to resume.
        """
        watcher = watcher or Silent()
        torch.set_flush_denormal(True)
        torch.manual_seed(self.config.seed)
        if resume:
            self._restore()
        watcher.begin(self.config.epochs * self.windows.steps, self.curves.steps)
        begun = time.monotonic() - self.curves.seconds
        last, loss = min(self.config.epochs, stop_after or self.config.epochs), math.nan
        while self.curves.epochs < last and self._share(time.monotonic() - begun) < 1.0:
            loss = self._epoch(begun, watcher)
            self.curves.epochs += 1
            self.curves.loss.append([self.curves.epochs, loss])
            if self.curves.epochs % self.config.validate_every == 0:
                self._judge(loss, watcher)
                self.curves.seconds = time.monotonic() - begun
                self._checkpoint()
        self.curves.seconds = time.monotonic() - begun
        if stop_after is None or self.curves.epochs < stop_after:
            if self.curves.epochs % self.config.validate_every:
                self._judge(loss, watcher)
            put_weights(self.network, self.best if self.chooses else self._candidate())
        self.network.eval()
        return self.curves

    def _epoch(self, begun: float, watcher: Watcher) -> float:
        """Train on every window once; returns the mean loss. Stops where the time is over."""
        self.network.train()
        hidden = self._nothing()
        losses: list[float] = []
        started = time.monotonic()
        for window in self.windows.epoch(self.curves.epochs):
            share = self._share(time.monotonic() - begun)
            if losses and share >= 1.0:
                break
            for group in self._optimizer.param_groups:
                group["lr"] = self.config.learning_rate * self._rate(share)
            loss, hidden = self._loss(window, self._nothing() if window.fresh else hidden)
            self._optimizer.zero_grad()
            loss.backward()
            clip_grad_norm_(self.network.parameters(), self.config.clip)
            losses.append(float(loss.detach()))
            if not math.isfinite(losses[-1]):
                raise TrainingError(
                    f"step {self.curves.steps + 1}: the loss is {losses[-1]}; lower learning_rate "
                    f"({self.config.learning_rate}) or clip ({self.config.clip})"
                )
            self._optimizer.step()
            self.curves.steps += 1
            self.curves.symbols += window.next.numel()
            if self.config.averaging and share >= 1.0 - self.config.averaging:
                self.average.add(self.network)
            watcher.advance(self.curves.steps, math.fsum(losses) / len(losses))
        self.curves.training_seconds += time.monotonic() - started
        return math.fsum(losses) / len(losses)

    def _loss(self, window: Window, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Nats a symbol, and the hidden vectors after the window, cut off from its gradients.

        These are the layers of ``Generator.forward``; here the input has a dropout of its own, and what is carried
        stays a tensor on the device instead of a portable row of bytes.
        """
        network, read = self.network, window.read.to(self._device)
        low = _PRECISIONS[self.config.precision]
        with torch.autocast(self._device.type, low, enabled=low is not torch.float32):
            inputs = functional.dropout(network.embed(read), self.config.embedding_dropout)
            outputs, hidden = network.recurrent.run(inputs, hidden)
            logits = network.head(network.dropout(outputs))
        truth = window.next.to(self._device)
        loss = functional.cross_entropy(logits.float().flatten(0, 1), truth.flatten())
        return loss, hidden.detach().float()

    def _nothing(self) -> Tensor:
        return self.network.fresh(self.config.batch)["hidden"]

    def _share(self, elapsed: float) -> float:
        """How much of the training is over, by steps or by time, whichever is further."""
        by_time = elapsed / self.config.seconds if self.config.seconds > 0 else 0.0
        return max(self.curves.steps / (self.config.epochs * self.windows.steps), by_time)

    def _rate(self, share: float) -> float:
        """Share of the learning rate: a short rise, then constant or a half cosine down to a fiftieth."""
        rise = min(1.0, (self.curves.steps + 1) / max(self.config.warm_up, 1))
        if self.config.schedule == "constant":
            return rise
        return rise * (0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * min(share, 1.0))))

    def _candidate(self) -> Weights:
        """The weights that would be kept now: the average's, once there is one."""
        return self.average.mean or copy_weights(self.network)

    def _judge(self, loss: float, watcher: Watcher) -> None:
        passage = self.corpus.validation if self.chooses else self.corpus.held_out
        value = loss
        candidate = self._candidate()
        if len(passage.tokens) > 1:
            own = copy_weights(self.network)
            put_weights(self.network, candidate)
            value = score_passage(self.network, passage).loss
            put_weights(self.network, own)
        self.curves.validation.append([self.curves.epochs, value])
        better = value < self.curves.best
        if better:
            self.curves.best, self.curves.best_epoch = value, self.curves.epochs
            if self.chooses:
                self.best = {name: weight.clone() for name, weight in candidate.items()}
        watcher.validated(value, better)

    def _checkpoint(self) -> None:
        if self.folder is not None:
            facts = {"step": self.curves.steps, "curves": vars(self.curves)}
            keep_run(self.folder, self.network, self._optimizer, self.best, self.average, **facts)

    def _restore(self) -> None:
        self.best, self.average, facts = resume_run(self.folder, self.network, self._optimizer)
        self.curves = TextCurves(**facts["curves"])


def new_optimizer(network: Generator, config: TextTraining) -> torch.optim.Optimizer:
    """Plain gradient descent, or AdamW, as a config says."""
    if config.optimizer == "sgd":
        return torch.optim.SGD(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    return torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, betas=(0.9, 0.99)
    )
