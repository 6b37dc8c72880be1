"""How OpenAPI describes an endpoint that takes series in any format: JSON with a body, tables with a query string."""

from collections.abc import Sequence
from typing import Any

from service.codecs.schema import Schema
from service.http.body import ARROW, CSV, JSON
from service.protocols.openapi import query_parameters, reference
from service.protocols.series_examples import TABLE

_TABLE = {
    "type": "string",
    "description": "Long table: item_id, timestamp, target, resolution, session and covariate columns. What a body has "
    "beside the series stands in the query string.",
}


def series_operation(
    name: str,
    summary: str,
    description: str,
    request: tuple[type, Schema[Any]],
    reply: tuple[type, str, str],
    examples: tuple[dict[str, Any], dict[str, Any]],
    headers: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """Describe an operation, without its failures.

    Parameters
    ----------
    name : str
        Of the operation, and its tag.
    summary : str
        One line.
    description : str
        More of them.
    request : tuple
        Shape of the body, and what reads the query string.
    reply : tuple
        Shape of the answer in JSON, what it is, and the columns of a table.
    examples : tuple of dict
        A body and its answer.
    headers : sequence of dict
        Descriptions of headers that it reads.

    Returns
    -------
    dict
        Of OpenAPI.
    """
    body, query = request
    answer, words, columns = reply
    table = {"type": "string", "description": f"Long table: {columns}"}
    return {
        "tags": [name],
        "summary": summary,
        "description": description,
        "operationId": name,
        "parameters": [*query_parameters(query), *headers],
        "requestBody": {
            "required": True,
            "content": {
                JSON: {"schema": reference(body.__name__), "example": examples[0]},
                ARROW: {"schema": _TABLE | {"format": "binary"}},
                CSV: {"schema": _TABLE, "example": TABLE},
            },
        },
        "responses": {
            "200": {
                "description": words,
                "content": {
                    JSON: {"schema": reference(answer.__name__), "example": examples[1]},
                    ARROW: {"schema": table | {"format": "binary"}},
                    CSV: {"schema": table},
                },
            }
        },
    }
