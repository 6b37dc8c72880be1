"""One request that an endpoint answers straight on its connection: no scope, no task, nothing awaited."""

from typing import Protocol

from service.errors import ServiceError
from service.http.ids import request_id
from service.http.path_table import PathEntry


class DirectRequest:
    """A request with its whole body; made by ``DirectProtocol``, answered once, on the event loop.

    It stands where uvicorn keeps a connection's latest ``RequestResponseCycle``, hence its last two attributes.

    Attributes
    ----------
    body : bytes
        As it was received, still compressed where it was sent so.
    content_type, accept, accept_encoding, content_encoding : bytes
        Headers; empty where they were not sent.
    query : bytes
        What stands behind ``?`` in the URL, without it.
    owner : str
        Whose sessions the request may name; empty where no key is required.
    request_id : str
        Under which the server's log has the request.
    began : float
        When it began to arrive, by ``time.monotonic``.
    delayed : float
        Seconds for which it then waited until the server read it, because others came before it.
    closed : bool
        Whether nobody waits for an answer any longer: the client has left, or the server stopped.
    headers : list of (bytes, bytes)
        All of them, names in lower case.
    path : PathEntry
        Of its endpoint.
    keep_alive : bool
        Whether the connection stays open once it is answered.
    response_complete : bool
        Whether it is answered, or given to the app.
    """

    __slots__ = (
        "accept", "accept_encoding", "began", "body", "closed", "connection", "content_encoding", "content_type",
        "delayed", "endpoint", "headers", "keep_alive", "owner", "path", "query", "request_id", "response_complete",
    )  # fmt: skip

    def __init__(
        self,
        connection: "DirectConnection",
        endpoint: "DirectEndpoint",
        path: PathEntry,
        query: bytes,
        headers: list[tuple[bytes, bytes]],
    ) -> None:
        self.connection = connection
        self.endpoint = endpoint
        self.path = path
        self.query = query
        self.headers = headers
        self.body: bytes | bytearray = b""
        self.closed = False
        self.response_complete = False
        sent = dict(headers)
        self.request_id = request_id(sent.get(b"x-request-id"))
        self.content_type = sent.get(b"content-type", b"")
        self.accept = sent.get(b"accept", b"")
        self.accept_encoding = sent.get(b"accept-encoding", b"")
        self.content_encoding = sent.get(b"content-encoding", b"")
        # The rest is the connection's to know.
        self.owner: str
        self.began: float
        self.delayed: float
        self.keep_alive: bool

    def respond(self, status: int, headers: bytes, body: bytes) -> None:
        r"""Answer. Without effect once ``closed``, declined or answered.

        Parameters
        ----------
        status : int
            Of HTTP.
        headers : bytes
            Lines such as ``b"content-type: text/plain\r\n"``, without ``content-length``.
        body : bytes
            The body, whole.
        """
        if not (self.closed or self.response_complete):
            self.connection.answer(self, status, headers, body)

    def fail(self, error: ServiceError) -> None:
        """Answer with a failure, in the shape that the path's clients expect.

        Parameters
        ----------
        error : ServiceError
            What went wrong. Who fails it counts it in ``statecast_rejected``.
        """
        failure = self.path.failure(error, self.request_id)
        self.respond(failure.status, failure.lines, failure.body)

    def decline(self) -> None:
        """Have the app answer, as it answers every other request; for what an endpoint finds out after ``accept``."""
        if not (self.closed or self.response_complete):
            self.connection.decline(self)


class DirectConnection(Protocol):
    """What a request needs of its connection."""

    def answer(self, request: DirectRequest, status: int, headers: bytes, body: bytes) -> None:
        """Write the answer, see ``DirectProtocol.answer``."""

    def decline(self, request: DirectRequest) -> None:
        """Give the request to the app, see ``DirectProtocol.decline``."""


class DirectEndpoint(Protocol):
    """Answers ``POST`` requests of one path."""

    def accept(self, request: DirectRequest) -> bool:
        """Take a request on, without waiting.

        Parameters
        ----------
        request : DirectRequest
            Its body is whole.

        Returns
        -------
        bool
            True if the endpoint answers it, now or later, by one of ``respond``, ``fail`` and ``decline``; False if the
            app is to answer it.
        """

    def refusal(self, body: bytes, query: bytes, began: float) -> ServiceError | None:
        """Refuse a request of JSON that came while there is more to do than can be done, at next to no cost.

        Parameters
        ----------
        body : bytes
            Whole, and not looked into.
        query : bytes
            What stands behind ``?`` in the URL.
        began : float
            ``time.monotonic()`` when it came.

        Returns
        -------
        ServiceError or None
            None where it should be read. Whoever asks counts it in ``statecast_rejected``.
        """
