"""What the store calls a session."""

import hashlib


def key_of(owner: str, session: str) -> str:
    """Name a session in the store: the same id of two owners is two sessions, and neither can be read from the key.

    Parameters
    ----------
    owner : str
        Name of the API key, "" where keys are off.
    session : str
        Its id.

    Returns
    -------
    str
        SHA-256, in hexadecimal digits.
    """
    return hashlib.sha256(f"{owner}\0{session}".encode()).hexdigest()
