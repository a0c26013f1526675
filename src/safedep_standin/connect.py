"""Errors as SafeDep's services answer them: those of the Connect protocol, JSON over HTTP.

Source: connectrpc.com/docs/protocol, “Error codes”.
"""

from aiohttp import web

STATUS = {
    "unauthenticated": 401,
    "permission_denied": 403,
    "invalid_argument": 400,
    "resource_exhausted": 429,
    "unimplemented": 501,
    "internal": 500,
    "unavailable": 503,
}


def error(code: str, message: str, **headers: str) -> web.Response:
    """Answer one of the codes; `Retry_After="2"` is the header `Retry-After: 2`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return web.json_response({"code": code, "message": message}, status=STATUS[code], headers=named)
