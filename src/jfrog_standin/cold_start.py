"""A token that many requests bring at once, just after it was made: some are told that it is unknown.

Seen by users of parallel resolvers, at random. Here it is the first so many addresses, once each, so that it
comes out the same every time and whoever asks again gets an answer.
"""

from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import Caller

PACKAGES = ("/artifactory/api/npm/", "/artifactory/api/pypi/", "/artifactory/api/go/")


class ColdStart:
    """Which addresses were refused to which token."""

    def __init__(self) -> None:
        self._refused: dict[str, set[str]] = {}

    def refuse(self, request: web.Request, caller: object, most: int) -> None:
        """Raise the 401, if it is this address's turn.

        Raises:
            errors.Refused: it is among the first `most` that the caller's token asks for, and new.
        """
        token = caller.token_id if isinstance(caller, Caller) else None
        if token is None or not request.path.startswith(PACKAGES):
            return
        refused = self._refused.setdefault(token, set())
        if len(refused) < most and request.path not in refused:
            refused.add(request.path)
            raise errors.unauthorized("artifactory", "token")
