"""The two-layer LSTM of the textbook, as written there but for its embeddings, which no network is needed to fetch.

Dive into Deep Learning, 16.2: embeddings of 100, two bidirectional LSTM layers of 100, the first and the last output
joined, Adam at 0.01, batches of 64 reviews cut or padded to 500 words, words that come five times. There the embeddings
are GloVe's and fixed; here they start at random and are learned.
"""

import time

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.classification.examples import Encoded
from training.classification.prepare import Prepared
from training.classification.scores import ClassPredictions, ClassScore

LENGTH, BATCH, RATE = 500, 64, 0.01


class BiRNN(nn.Module):
    """The textbook's network.

    Parameters
    ----------
    symbols : int
        Size of the vocabulary.
    """

    def __init__(self, symbols: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(symbols, 100)
        self.encoder = nn.LSTM(100, 100, num_layers=2, bidirectional=True, batch_first=True)
        self.head = nn.Linear(400, 2)
        for name, weight in self.named_parameters():
            if "weight" in name and weight.dim() > 1 and not name.startswith("embed"):
                nn.init.xavier_uniform_(weight)

    def forward(self, tokens: Tensor) -> Tensor:
        """Give logits.

        Parameters
        ----------
        tokens : Tensor
            ``[B, T]``.

        Returns
        -------
        Tensor
            ``[B, 2]``.
        """
        outputs, _ = self.encoder(self.embed(tokens))
        logits: Tensor = self.head(torch.cat([outputs[:, 0], outputs[:, -1]], dim=1))
        return logits


def fit_tutorial(prepared: Prepared, epochs: int) -> tuple[ClassScore, float]:
    """Train the textbook's network on the same reviews and score it on the same test.

    Parameters
    ----------
    prepared : Prepared
        The reviews; training and validation part are both learned from.
    epochs : int
        Passes over them; the textbook has five.

    Returns
    -------
    tuple of ClassScore and float
        The figures, and processor seconds.
    """
    started = time.process_time()
    torch.manual_seed(0)
    parts = [_pad(prepared.encoded[name]) for name in ("train", "validation", "test")]
    tokens, targets = (torch.cat(pair) for pair in zip(*parts[:2], strict=True))
    network = BiRNN(len(prepared.network.config.symbols) + 2)
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    for _ in range(epochs):
        for some in torch.randperm(len(tokens)).split(BATCH):
            optimizer.zero_grad()
            functional.cross_entropy(network(tokens[some]), targets[some]).backward()
            optimizer.step()
    with torch.inference_mode():
        probabilities = torch.cat([network(some).softmax(1) for some in parts[2][0].split(BATCH)])
    predictions = ClassPredictions(probabilities.double().numpy(), parts[2][1].numpy())
    return predictions.score(), time.process_time() - started


def _pad(examples: Encoded) -> tuple[Tensor, Tensor]:
    tokens = np.zeros((len(examples), LENGTH), dtype=np.int64)
    for row, one in enumerate(examples.steps):
        tokens[row, : len(one[:LENGTH])] = one[:LENGTH]
    return torch.from_numpy(tokens), torch.from_numpy(examples.targets)
