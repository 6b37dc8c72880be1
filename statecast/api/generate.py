"""Writing on from a prompt by hand, without a server."""

import numpy as np
import torch

from statecast.errors import InputError
from statecast.models.generator import Generator
from statecast.uncertainty.sampling import Choice, sample


def write_on(
    network: Generator,
    prompt: str,
    *,
    max_tokens: int = 200,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    seed: int = 0,
) -> str:
    """Continue a prompt.

    Parameters
    ----------
    network : Generator
        The language model.
    prompt : str
        What it reads first; at least one character.
    max_tokens : int
        Symbols of its vocabulary to write.
    temperature : float
        How freely it chooses; 0 always takes the likeliest.
    top_k : int
        Choose among so many of the likeliest; 0 for all.
    top_p : float
        Choose among the fewest whose probability together reaches this, in (0, 1].
    seed : int
        The same seed gives the same text.

    Returns
    -------
    str
        The text after the prompt.

    Raises
    ------
    InputError
        If the prompt is empty, or a number is out of range.
    """
    if not (prompt and max_tokens >= 1 and temperature >= 0 and top_k >= 0 and 0 < top_p <= 1):
        raise InputError(
            "generate: expected a prompt, max_tokens from 1, temperature and top_k from 0 and top_p in (0, 1], got "
            f"{len(prompt)} characters, {max_tokens}, {temperature}, {top_k}, {top_p}"
        )
    tokens, _ = network.vocabulary.encode(prompt)
    device = network.head.weight.device
    choice = Choice(
        np.array([seed]), np.array([0]), np.array([float(temperature)]), np.array([top_k]), np.array([float(top_p)])
    )
    written: list[int] = []
    with torch.inference_mode():
        state = network.prime(torch.from_numpy(tokens)[None].to(device), network.fresh(1))
        logits = network.decode(state)
        for _ in range(max_tokens):
            drawn = sample(logits, choice, state["count"].cpu().numpy())
            written.append(int(drawn[0]))
            logits, state = network.step(drawn, state)
    return network.vocabulary.decode(written)
