"""One input of a request as arrays: decoded and checked against its model, not yet against its session."""

from dataclasses import dataclass, replace

from service.sequences.task import Steps


@dataclass(frozen=True, eq=False)
class SequenceInput:
    """A text, a series or a recording, or a part of one.

    Parameters
    ----------
    steps : array
        Tokens ``[T]``, values ``[T, C]``, or samples ``[T]``; T may be 0 where a session is asked again.
    owner : str
        Whose sessions it may name.
    deadline : float
        ``time.monotonic()`` after which its work is dropped.
    session : str or None
        Id of the session that is opened or goes on.
    open : bool or None
        Whether the session has to be new (true) or to exist (false); None where either is welcome.
    from_index : int or None
        Index of the first step in its session, by which a retry is known; None where all is new.
    rate : int or None
        Samples per second of a recording; None for anything else.
    final : bool
        Whether it is answered as if nothing came after it.
    match : tuple of str
        For which states of its session it is meant, see ``SessionTurn.check_match``.
    receipt : str
        Of a request with an ``Idempotency-Key``, see ``receipt_key``.
    """

    steps: Steps
    owner: str
    deadline: float
    session: str | None = None
    open: bool | None = None
    from_index: int | None = None
    rate: int | None = None
    final: bool = True
    match: tuple[str, ...] = ()
    receipt: str = ""

    def again(self, begin: int) -> "SequenceInput":
        """Give the same input as one that its session has read already; see ``SeriesInput.again``."""
        return replace(self, open=None, match=(), from_index=begin)

    def backend(self, model: str) -> str:
        """Name what reads it: a model, for recordings at their rate.

        Parameters
        ----------
        model : str
            Digest of the artifact.

        Returns
        -------
        str
            A key of ``SequenceQueue``.
        """
        return backend_key(model, self.rate)


def backend_key(model: str, rate: int | None) -> str:
    """Name what reads inputs with a model.

    Parameters
    ----------
    model : str
        Digest of the artifact.
    rate : int or None
        Samples per second of recordings.

    Returns
    -------
    str
        The digest, with the rate behind it.

    Examples
    --------
    >>> backend_key("sha256:0", None), backend_key("sha256:0", 8000)
    ('sha256:0', 'sha256:0/8000')
    """
    return model if rate is None else f"{model}/{rate}"
