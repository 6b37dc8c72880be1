"""A conversation from a seed: requests of any kind over one connection, or the life of some sessions."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from random import Random

from tests.fuzz.generators.lives import life, twins
from tests.fuzz.generators.requests import request_of
from tests.fuzz.request import Conversation, RawRequest


def conversation_of(seed: int) -> Conversation:
    """Give the conversation of a seed; the same for ever, as long as nobody changes how they are made."""
    draw = Random(seed)
    kind = draw.random()
    if kind < 0.5:
        found: Conversation = tuple(request_of(draw) for _ in range(draw.choice((1, 2, 4, 8))))
    else:
        found = life(draw, f"l{seed}") if kind < 0.9 else twins(draw, f"t{seed}")
    return tuple(sent(draw, request, is_last=request is found[-1]) for request in found)


def sent(draw: Random, request: RawRequest, *, is_last: bool) -> RawRequest:
    """Choose how a request is sent."""
    kind = draw.random()
    if kind < 0.6:
        return request
    if kind < 0.75:
        is_alone = is_last or any(name == b"connection" for name, _ in request.headers)
        return request if is_alone else replace(request, ending="next")
    size = 200 + len(request.body)
    cuts = tuple(sorted(draw.randrange(size) for _ in range(draw.choice((1, 1, 2, 5)))))
    if kind < 0.9:
        return replace(request, cuts=cuts)
    if kind < 0.93:
        return replace(request, chunked=True)
    if kind < 0.95:
        return replace(request, raw=True)
    return replace(request, cuts=cuts, ending=draw.choice(("unread", "midway")))


def enough(seed: int, requests: int) -> Iterator[Conversation]:
    """Give the conversations from a seed on, until they hold so many requests together."""
    sent = 0
    for number in count(seed):
        if sent >= requests:
            return
        conversation = conversation_of(number)
        sent += len(conversation)
        yield conversation
