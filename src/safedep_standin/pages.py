"""Long lists in pages: a token is the place of the last record that was given."""

import base64
import json
from typing import Any

from aiohttp import web

from safedep_standin.connect import error
from safedep_standin.records import Record

LARGEST_PAGE = 100

Placed = tuple[str, str, Record]
"""When a record changed, its id, and itself: lists are in the order of the first two."""


def page(field: str, found: list[Placed], pagination: dict[str, Any], *, most: int) -> web.Response:
    """Answer the records behind the token, at most `most` of them though more were asked for."""
    size = pagination.get("pageSize", 10)
    if size > LARGEST_PAGE or pagination.get("sortOrder") != "SORT_ORDER_ASCENDING":
        return error("invalid_argument", "pagination")
    token = pagination.get("pageToken", "")
    after = tuple(json.loads(base64.b64decode(token))) if token else ("", "")
    behind = sorted((each for each in found if each[:2] > after), key=lambda each: each[:2])
    given = behind[: min(size, most)]
    body: Record = {field: [each[2] for each in given]} if given else {}
    if len(given) < len(behind):
        place = base64.b64encode(json.dumps(given[-1][:2]).encode()).decode()
        body["pagination"] = {"nextPageToken": place}
    return web.json_response(body)
