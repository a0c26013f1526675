"""The part of a file that a Range header asks for.

Source: RFC 9110, section 14. Several ranges at once are ignored, as a server may.
"""

import re
from collections.abc import Mapping

from aiohttp import web

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def part(request: web.Request, body: bytes, headers: Mapping[str, str]) -> web.Response:
    """All of a body, or the one stretch that is asked for: 206, or 416 where there is none."""
    asked = RANGE.fullmatch(request.headers.get("Range", ""))
    if asked is None or asked.groups() == ("", ""):
        return web.Response(body=body, headers=headers)
    first, last = _stretch(asked[1], asked[2], len(body))
    if first >= len(body) or last < first:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{len(body)}"})
    stretch = {"Content-Range": f"bytes {first}-{last}/{len(body)}"}
    return web.Response(status=206, body=body[first : last + 1], headers={**headers, **stretch})


def _stretch(first: str, last: str, size: int) -> tuple[int, int]:
    """The first and the last byte; without a first one, as many as `last` says from the end."""
    if not first:
        return (max(0, size - int(last)), size - 1) if int(last) else (size, size)
    return int(first), min(int(last or size), size - 1)
