"""Reads what clients send to Xray."""

from typing import Any, TypeVar

import msgspec
from aiohttp import web

from jfrog_standin import errors

T = TypeVar("T")


async def json_object(request: web.Request) -> dict[str, Any]:
    """Read a request's body as a JSON object.

    Raises:
        errors.Refused: it is none; 415 is what Xray's documentation names for that.
    """
    try:
        return msgspec.json.decode(await request.read(), type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise errors.xray(415, "Failed to parse json.") from error


def as_kind(body: dict[str, Any], kind: type[T]) -> T:
    """Take a body for one kind of thing.

    Raises:
        errors.Refused: 400, a field has the wrong type.
    """
    try:
        return msgspec.convert(body, kind)
    except (msgspec.ValidationError, ValueError) as error:
        raise errors.xray(400, f"Invalid request body: {error}") from error
