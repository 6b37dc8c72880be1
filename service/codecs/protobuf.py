"""Messages of protobuf from a table of their fields, built as the program runs.

Generated modules would be bound to the release of protobuf that generated them, and would claim the names of a public
proto in the process's only pool, where that proto's own clients claim them too. These live in a pool of their own.
"""

import re
from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELD = re.compile(r"(\w+):(\w+)([*%?]?)=(\d+)")
_CHOICE = "choice"
_Field = descriptor_pb2.FieldDescriptorProto


def message_classes(
    package: str, messages: Mapping[str, str], enums: Mapping[str, Mapping[str, int]] | None = None
) -> dict[str, Any]:
    r"""Make the classes of messages.

    Parameters
    ----------
    package : str
        Of the proto.
    messages : mapping of str to str
        By name, fields as ``name:type=number``, separated by spaces. Behind a type ``*`` means repeated, ``%`` a map
        from texts, ``?`` one of a choice. Types are those of protobuf, messages of the table, and enums.
    enums : mapping, optional
        Numbers by name, by the enum's name.

    Returns
    -------
    dict of str to type
        Classes by the messages' names.

    Examples
    --------
    >>> found = message_classes("example", {"Point": "label:string=1 value:double*=2"})
    >>> found["Point"](label="a", value=[1.5]).SerializeToString()
    b'\n\x01a\x12\x08\x00\x00\x00\x00\x00\x00\xf8?'
    """
    enums = enums or {}
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    for name, numbers in enums.items():
        values = file.enum_type.add(name=name)
        for text, number in numbers.items():
            values.value.add(name=text, number=number)
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for field, kind, mark, number in _FIELD.findall(fields):
            _add(message, (field, kind, mark, int(number)), package, enums)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}")) for name in messages}


def _add(message: Any, described: tuple[str, str, str, int], package: str, enums: Mapping[str, Any]) -> None:
    """Add a field; a map is a repeated message of keys and values, as protobuf defines it."""
    name, kind, mark, number = described
    label = _Field.LABEL_REPEATED if mark in ("*", "%") and mark else _Field.LABEL_OPTIONAL
    field = message.field.add(name=name, number=number, label=label)
    if mark == "?":
        if not message.oneof_decl:
            message.oneof_decl.add(name=_CHOICE)
        field.oneof_index = 0
    if mark != "%":
        _set_type(field, kind, package, enums)
        return
    entry = message.nested_type.add(name=f"{name.title()}Entry")
    entry.options.map_entry = True
    _set_type(entry.field.add(name="key", number=1, label=_Field.LABEL_OPTIONAL), "string", package, enums)
    _set_type(entry.field.add(name="value", number=2, label=_Field.LABEL_OPTIONAL), kind, package, enums)
    _set_type(field, f"{message.name}.{entry.name}", package, enums)


def _set_type(field: Any, kind: str, package: str, enums: Mapping[str, Any]) -> None:
    if kind[0].islower():
        field.type = _Field.Type.Value(f"TYPE_{kind.upper()}")
    else:
        field.type = _Field.TYPE_ENUM if kind in enums else _Field.TYPE_MESSAGE
        field.type_name = f".{package}.{kind}"
