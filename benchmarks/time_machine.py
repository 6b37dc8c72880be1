"""The Time Machine, character by character: the published run, our layer against the same formulas written by hand.

    python -m benchmarks.time_machine [--data timemachine.txt] [--epochs 500] [--book]

The published run: lower-cased letters and spaces, the first 10,000; one LSTM layer of 256; windows of 35 (and of 25),
batch 32, 500 epochs, plain gradient descent with rate 1, clipping at 1; training perplexity 1.1. Both sides read the
same windows in the same order on one thread, with nothing else running. --book adds what that run does not report: the
held-out tenth of the whole book, after training on the rest, compared with Kneser-Ney.
"""

import argparse
import math
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.machine import describe_machine
from statecast.models.generator import Generator, GeneratorConfig
from training.fitting.loop import Fit
from training.text.config import TextFitConfig
from training.text.corpus import Corpus, cut_text, read_text
from training.text.curves import TextCurves
from training.text.objective import NextSymbol
from training.text.pipeline import fit_text
from training.text.windows import Windows

DATA = Path("../shared/data/text/timemachine.txt")
WIDTH, BATCH = 256, 32
LETTERS = {"lower": True, "letters": True}
BOOK = TextFitConfig.from_dict(
    {
        "text": {**LETTERS, "fractions": [0.85, 0.05, 0.1]},
        "network": {"embedding": 64, "width": 512, "layers": 1, "dropout": 0.6},
        "training": {
            "epochs": 25, "length": 64, "learning_rate": 3e-3, "weight_decay": 0.05, "clip": 1.0, "averaging": 0.4,
            "embedding_dropout": 0.2, "precision": "bfloat16", "validate_every": 5,
        },
    }
)  # fmt: skip


def published(length: int, epochs: int) -> TextFitConfig:
    """The published run as one of our configs."""
    return TextFitConfig.from_dict(
        {
            "text": {**LETTERS, "characters": 10_000, "fractions": [1.0, 0.0, 0.0]},
            # 28 symbols and an embedding of that width: as good as one-hot.
            "network": {"embedding": 28, "width": WIDTH, "layers": 1, "dropout": 0.0},
            "training": {
                "epochs": epochs, "batch": BATCH, "length": length, "optimizer": "sgd", "schedule": "constant",
                "learning_rate": 1.0, "warm_up": 0, "weight_decay": 0.0, "clip": 1.0, "averaging": 0.0,
                "embedding_dropout": 0.0, "validate_every": epochs, "ngrams": 0,
            },
        }
    )  # fmt: skip


class Written(nn.Module):
    """An LSTM as it stands in the textbook: one-hot input, a product per gate, a loop over the symbols.

    Before training it is the same function as ``network``, a generator of one layer.
    """

    def __init__(self, network: Generator) -> None:
        super().__init__()
        self.symbols = len(network.vocabulary)
        weights = dict(network.recurrent.stack.named_parameters())
        with torch.no_grad():
            inward = (network.embed.weight @ weights["weight_ih_l0"].T).chunk(4, dim=1)
            around = weights["weight_hh_l0"].T.chunk(4, dim=1)
            bias = (weights["bias_ih_l0"] + weights["bias_hh_l0"]).chunk(4)
        self.inward, self.around, self.bias = (
            nn.ParameterList([nn.Parameter(gate.clone()) for gate in gates]) for gates in (inward, around, bias)
        )
        self.head = nn.Parameter(network.head.weight.detach().T.clone())
        self.head_bias = nn.Parameter(network.head.bias.detach().clone())

    def forward(self, read: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits ``[B, T, V]`` of what follows, and the new state."""
        outputs = []
        for symbol in functional.one_hot(read, self.symbols).float().unbind(1):
            enter, keep, value, leave = (
                symbol @ inward + hidden @ around + bias
                for inward, around, bias in zip(self.inward, self.around, self.bias, strict=True)
            )
            cell = torch.sigmoid(keep) * cell + torch.sigmoid(enter) * torch.tanh(value)
            hidden = torch.sigmoid(leave) * torch.tanh(cell)
            outputs.append(hidden @ self.head + self.head_bias)
        return torch.stack(outputs, dim=1), hidden, cell


def new_network(corpus: Corpus, config: TextFitConfig) -> Generator:
    """Make the network, always with the same weights."""
    torch.manual_seed(0)
    shape = {**config.network, "vocabulary": "char", "symbols": corpus.vocabulary.symbols}
    return Generator(GeneratorConfig.from_dict(shape))


def fit_ours(corpus: Corpus, config: TextFitConfig) -> tuple[float, float]:
    """Perplexity of the last epoch, and symbols per second."""
    objective = NextSymbol(new_network(corpus, config), corpus, config.training)
    curves = TextCurves.by_epoch(Fit(objective).run(), objective.windows)
    return math.exp(curves.loss[-1][1]), curves.symbols_per_second


def fit_written(corpus: Corpus, config: TextFitConfig) -> tuple[float, float]:
    """The same with the formulas written by hand."""
    training = config.training
    network = Written(new_network(corpus, config))
    optimizer = torch.optim.SGD(network.parameters(), lr=training.learning_rate)
    windows = Windows(corpus.train.tokens, "carried", training.batch, training.length, training.seed)
    started, loss = time.monotonic(), math.nan
    for epoch in range(training.epochs):
        losses = list(_steps(network, windows, epoch, optimizer, training.clip))
        loss = sum(losses) / len(losses)
    return math.exp(loss), training.epochs * windows.steps * windows.symbols / (time.monotonic() - started)


def _steps(
    network: Written, windows: Windows, epoch: int, optimizer: torch.optim.Optimizer, clip: float
) -> Iterator[float]:
    hidden = cell = torch.zeros(BATCH, WIDTH)
    for window in windows.epoch(epoch):
        logits, hidden, cell = network(window.read, hidden.detach(), cell.detach())
        loss = functional.cross_entropy(logits.flatten(0, 1), window.next.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), clip)
        optimizer.step()
        yield float(loss.detach())


def show_book(text: str) -> None:
    """Train on the book without its end, and print how well the end is predicted."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = fit_text(text, BOOK, Path(folder), name="time-machine")
    print(f"whole book, {outcome.curves.epochs} epochs in {outcome.curves.seconds:.0f} s; the held-out tenth:")
    for name, score in outcome.leaderboard.scores.items():
        print(f"  {name:<14} {score.loss:.4f} nats, {score.bits:.4f} bits, perplexity {score.perplexity:.3f}")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--epochs", type=int, default=500)
    parser.add_argument("--lengths", type=int, nargs="*", default=[25, 35])
    parser.add_argument("--book", action="store_true")
    options = parser.parse_args()
    if not options.data.is_file():
        print(f"{options.data}: no such file; pass the text as --data, it is not part of this repository")
        return
    torch.set_num_threads(1)
    text = read_text(options.data)
    print(describe_machine())
    for length in options.lengths:
        config = published(length, options.epochs)
        corpus = cut_text(text, config.text)
        rows = {"our layer": fit_ours(corpus, config), "by hand": fit_written(corpus, config)}
        for name, (perplexity, rate) in rows.items():
            print(f"windows of {length}, {name:<9}: training perplexity {perplexity:.4f}, {rate:,.0f} symbols/s")
        print(f"windows of {length}: our layer is {rows['our layer'][1] / rows['by hand'][1]:.1f} times as fast")
    if options.book:
        show_book(text)


if __name__ == "__main__":
    main()
