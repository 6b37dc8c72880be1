"""State stores by the scheme of their URL: ``sqlite:///path`` (the default), ``redis://`` (shared), ``memory://``.

A new one is one file in this package, named as its scheme, or comes from another package by an entry point of
``statecast.stores``.
"""

from service.stores.interface import Store, StoreError
from statecast.errors import UnknownNameError
from statecast.registry import Registry

_BY_TLS = {"rediss": "redis"}
"""Schemes that name another's store."""

stores: Registry[type[Store]] = Registry("state store", "service.stores", "statecast.stores")


def open_store(url: str) -> Store:
    """Open the store that a URL names.

    Parameters
    ----------
    url : str
        ``sqlite:///relative.db``, ``sqlite:////absolute.db``, ``redis://host:port``, ``memory://``, or another
        registered scheme's.

    Returns
    -------
    Store
        Ready to be read and written.

    Raises
    ------
    StoreError
        If the scheme is not known, or the store cannot be opened or belongs to another process.

    Examples
    --------
    >>> open_store("memory://").durable
    False
    """
    return find_store(url).open(url)


def without_password(url: str) -> str:
    """Give a store's URL as it may be shown.

    Parameters
    ----------
    url : str
        As ``open_store`` takes it.

    Returns
    -------
    str
        A path as it is; of a host without user, password and options.

    Examples
    --------
    >>> without_password("redis://me:s3/cr@t@cache:6379/0"), without_password("sqlite:///state/sessions.db")
    ('redis://cache:6379/0', 'sqlite:///state/sessions.db')
    """
    scheme, separator, rest = url.partition("://")
    return url if rest.startswith("/") else scheme + separator + rest.rpartition("@")[2].partition("?")[0]


def find_store(url: str) -> type[Store]:
    """Find the store of a URL's scheme, without opening it.

    Parameters
    ----------
    url : str
        As ``open_store`` takes it.

    Returns
    -------
    type of Store
        Has the scheme as its ``name``.

    Raises
    ------
    StoreError
        If the scheme is not known.
    """
    scheme, separator, _ = url.partition("://")
    try:
        if not separator:
            raise UnknownNameError("state store", scheme.partition(":")[0], stores.names())
        return stores[_BY_TLS.get(scheme, scheme)]
    except UnknownNameError as error:
        raise StoreError(f"state_url: {error}; set STATECAST_STATE_URL to a URL such as sqlite:///state.db") from None
