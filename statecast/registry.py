"""Implementations of one interface by name: state stores, cells, protocols, metrics.

A new one of a kind is one file. In the package of its kind it is found by its file's name; from elsewhere it comes by
an entry point, or by registering itself.
"""

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

from statecast.errors import UnknownNameError

T = TypeVar("T")
N = TypeVar("N", bound=type[Any])


class Registry(Generic[T]):
    """Named implementations of one interface.

    Parameters
    ----------
    kind : str
        What one of them is called in an error, ``"state store"``.
    package : str or None
        Dotted name of the package whose modules register themselves under their own names when they are imported.
    group : str or None
        Entry points by which other packages bring theirs, ``"statecast.stores"``.

    Examples
    --------
    >>> shapes: Registry[float] = Registry("shape")
    >>> _ = shapes.register("square")(4.0)
    >>> shapes["square"], shapes.names()
    (4.0, ('square',))
    """

    def __init__(self, kind: str, package: str | None = None, group: str | None = None) -> None:
        self.kind, self._package, self._group = kind, package, group
        self._found: dict[str, T] = {}
        self._missing: dict[str, str] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that registers an implementation.

        Parameters
        ----------
        name : str
            Name to register it under.

        Returns
        -------
        callable
            Takes the implementation and returns it.

        Raises
        ------
        ValueError
            By the decorator, if the name is taken by another object.
        """

        def keep(implementation: T) -> T:
            if self._found.setdefault(name, implementation) is not implementation:
                raise ValueError(f"{self.kind} {name!r}: registered already; choose another name")
            return implementation

        return keep

    def unregister(self, name: str) -> None:
        """Remove an implementation; nothing happens where there is none.

        Parameters
        ----------
        name : str
            Name that it was registered under.
        """
        self._found.pop(name, None)

    def names(self) -> tuple[str, ...]:
        """Names of all implementations whose dependencies are installed, in alphabetical order."""
        if self._package is not None:
            for module in pkgutil.iter_modules(importlib.import_module(self._package).__path__):
                self._load(module.name)
        entries = {entry.name for entry in entry_points(group=self._group)} if self._group else set()
        return tuple(sorted(self._found.keys() | entries))

    def __getitem__(self, name: str) -> T:
        """Return the implementation of a name.

        Raises
        ------
        UnknownNameError
            If there is none. It lists the names that there are.
        """
        if name not in self._found:
            self._load(name)
        if name not in self._found and self._group is not None:
            for entry in entry_points(group=self._group, name=name):
                self.register(name)(entry.load())
        if name not in self._found:
            raise UnknownNameError(self.kind, name, self.names(), self._missing.get(name))
        return self._found[name]

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def _load(self, name: str) -> None:
        """Import the module of this name, which registers itself; one whose dependency is not installed is left out."""
        module = f"{self._package}.{name}"
        if self._package is None or not name.isidentifier() or importlib.util.find_spec(module) is None:
            return
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if missing == module.partition(".")[0]:
                raise
            self._missing[name] = missing


class ClassRegistry(Registry[type[T]]):
    """Classes of one interface by the ``name`` that each has; what is asked for is an instance.

    Parameters
    ----------
    kind, package, group
        As for ``Registry``.

    Examples
    --------
    >>> class Square:
    ...     name, sides = "square", 4
    >>> shapes: ClassRegistry[object] = ClassRegistry("shape")
    >>> shapes.add(Square).sides, type(shapes.new("square")).__name__
    (4, 'Square')
    """

    def add(self, named: N) -> N:
        """Register a class under its ``name``.

        Parameters
        ----------
        named : type
            The class; this method decorates it.

        Returns
        -------
        type
            The class itself.

        Raises
        ------
        ValueError
            If the name is taken by another class.
        """
        self.register(named.name)(named)
        return named

    def new(self, name: str) -> T:
        """Make an instance.

        Parameters
        ----------
        name : str
            Name of the class, which is that of its file.

        Returns
        -------
        T
            An instance.

        Raises
        ------
        UnknownNameError
            If there is none of that name. It lists those that there are.
        """
        return self[name]()
