"""API keys: who sends a request, by a file of ``name:key`` lines; compared by digest in constant time."""

import hashlib
import hmac
import re
from pathlib import Path

from service.errors import NoKey, WrongKey

_SCHEMES = ("bearer", "token")


class ApiKeys:
    """The keys of one file. A line is ``name:key``, ``name:sha256:HEX`` or a bare ``key``; ``#`` begins a comment.

    Only digests are kept. The owner that a key stands for is its name; of a bare key, the first digits of its digest.

    Parameters
    ----------
    digests : dict of str to bytes
        SHA-256 of each key, by its name.
    """

    def __init__(self, digests: dict[str, bytes]) -> None:
        self._digests = digests

    @classmethod
    def read(cls, path: Path) -> "ApiKeys":
        """Read a file of keys.

        Parameters
        ----------
        path : Path
            The file, in UTF-8.

        Returns
        -------
        ApiKeys
            At least one.

        Raises
        ------
        ValueError
            If the file holds no key, a name twice, or a malformed digest.
        """
        digests: dict[str, bytes] = {}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            name, key = _parse(text, f"{path}:{number}")
            if name in digests:
                raise ValueError(f"{path}:{number}: expected each name once, got {name!r} twice; give each key its own")
            digests[name] = key
        if not digests:
            raise ValueError(f"{path}: expected at least one key, found none; write one as name:key")
        return cls(digests)

    def owner(self, authorization: str | None, x_api_key: str | None) -> str:
        """Give the name of the key that a request sends.

        Parameters
        ----------
        authorization : str or None
            Header ``Authorization: Bearer KEY``; writers of InfluxDB say ``Token KEY``. Of a request that a client of
            AWS signs, the access key id is the key; the signature is not looked at.
        x_api_key : str or None
            Header ``X-API-Key: KEY``, which comes first.

        Returns
        -------
        str
            Whose sessions the request may name.

        Raises
        ------
        NoKey
            If it sends none.
        WrongKey
            If it is not one of ours.
        """
        key = x_api_key
        if key is None and authorization is not None:
            scheme, _, rest = authorization.partition(" ")
            key = rest.strip() if scheme.lower() in _SCHEMES else _access_key(scheme, rest)
        if not key:
            raise NoKey("API key: expected Authorization: Bearer KEY or X-API-Key: KEY, got neither; send one")
        digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
        found = ""
        # Every key is compared, so that the time taken tells nothing about which one was close.
        for name, known in self._digests.items():
            if hmac.compare_digest(digest, known):
                found = name
        if not found:
            raise WrongKey("API key: the key is not one of this server's; ask its operator for one")
        return found


def _access_key(scheme: str, rest: str) -> str | None:
    """Give the access key id of a request that a client of AWS signs: ``Credential=ID/day/region/service/end, …``."""
    found = re.search(r"Credential=([^,\s]+)", rest[:2000]) if scheme == "AWS4-HMAC-SHA256" else None
    return None if found is None else found[1].rsplit("/", 4)[0]


def _parse(text: str, place: str) -> tuple[str, bytes]:
    bare = re.fullmatch(r"(?:([\w.@-]+):)?sha256:([0-9a-fA-F]+)", text)
    if bare:
        if len(bare[2]) != 64:
            raise ValueError(f"{place}: expected 64 hexadecimal digits after sha256:, got {len(bare[2])}")
        return bare[1] or f"key-{bare[2][:12].lower()}", bytes.fromhex(bare[2])
    name, colon, key = text.partition(":")
    if colon and (not name or not key):
        raise ValueError(f"{place}: expected name:key, got an empty half")
    digest = hashlib.sha256((key if colon else text).encode()).digest()
    return (name if colon else f"key-{digest.hex()[:12]}"), digest
