"""Documents as hashes of Redis, and a sorted set of their keys."""

from typing import Any

from redis import Redis

from service.stores.documents.document import Document

FIELDS = ("revision", "content", "until")


def read(client: "Redis", name: str, prefix: str, after: str, limit: int) -> list[Document]:
    """Read documents; see ``DocumentStore.documents``.

    Parameters
    ----------
    client : Redis
        To the server.
    name : str
        How names of documents begin there.
    prefix, after : str
        How keys begin, and behind which one.
    limit : int
        How many at most.
    """
    begin = f"({after}".encode() if after >= prefix and after else f"[{prefix}".encode()
    found: list[Document] = []
    while len(found) < limit:  # one that was deleted just now must not be taken for the end
        keys: Any = client.zrangebylex(f"{name}keys", begin, f"({prefix}".encode() + b"\xff", 0, limit)
        if not keys:
            break
        look = client.pipeline(transaction=False)
        for key in keys:
            look.hmget(f"{name}:".encode() + key, FIELDS)
        for key, (revision, content, until) in zip(keys, look.execute(), strict=True):
            if revision is not None:
                found.append(Document(key.decode(), int(revision), bytes(content), float(until)))
        begin = b"(" + keys[-1]
    return found[:limit]


def words(document: Document) -> list[bytes | str]:
    """Give a document as ``redis_commit.lua`` reads it.

    Parameters
    ----------
    document : Document
        As it shall be.
    """
    if document.content is None:
        return ["X", document.key, str(document.revision)]
    return ["W", document.key, str(document.revision), repr(document.until), document.content]
