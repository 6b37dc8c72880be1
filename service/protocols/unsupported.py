"""Fields of another product's API that this server does not support: refused, unless the value changes nothing."""

from collections.abc import Callable
from typing import Any

from pydantic_core import core_schema

from service.codecs.json_document import came
from service.text.parameters import refused


class Unsupported:
    """``Annotated[Any, Unsupported(…)]``: refused, unless the value changes nothing.

    Parameters
    ----------
    schema : dict
        JSON Schema of the values that change nothing.
    neutral : callable
        Whether a value is one of them.
    instead : str, optional
        What to do.
    """

    def __init__(self, schema: dict[str, Any], neutral: Callable[[Any], bool], instead: str = "remove it") -> None:
        self._schema, self._neutral, self._instead = schema, neutral, instead

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        description = "Not supported; only a value that changes nothing is accepted."
        return {"anyOf": [self._schema, {"type": "null"}], "description": description}

    def _read(self, value: Any) -> Any:
        if value is not None and not self._neutral(value):
            raise refused(f"not supported by this server; {self._instead} (got {came(value)})")
        return value
