"""The error bodies of each service, in the shape that it has on a real platform.

Shapes are JFrog's documentation's and its own clients'; sentences that no source shows are marked.
A handler raises what these functions make; a middleware turns it into the answer.
"""

from http import HTTPStatus
from typing import Any, Literal

import msgspec
from aiohttp import web

Service = Literal["artifactory", "docker", "xray", "access", "other"]
Refusal = Literal["missing", "credentials", "token", "expired", "revoked", "audience"]
"""Why credentials were not taken: none, wrong ones, an unknown token, too old, revoked, meant for others."""


class Refused(Exception):
    """An answer that ends the handling of a request."""

    def __init__(self, status: int, body: bytes, content_type: str, headers: dict[str, str]) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.content_type = content_type
        self.headers = headers

    def response(self) -> web.Response:
        return web.Response(
            status=self.status, body=self.body, content_type=self.content_type, headers=self.headers
        )


class OfOneMember(Refused):
    """What one member of a virtual repository refuses, and another may still give."""


def json_answer(body: Any, *, status: int = 200) -> web.Response:
    """Answer with any msgspec-encodable value as JSON."""
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json")


def service_of(path: str) -> Service:
    """Tell by a request's path which service answers it."""
    match path.split("/", 4)[1:4]:
        case ["artifactory", "api", "docker"] | ["v2", *_]:
            return "docker"
        case ["artifactory", *_]:
            return "artifactory"
        case ["xray", *_]:
            return "xray"
        case ["access", *_]:
            return "access"
    return "other"


def artifactory(status: int, message: str, **headers: str) -> Refused:
    """Artifactory REST: `{"errors":[{"status":404,"message":"…"}]}`."""
    return _json(status, {"errors": [{"status": status, "message": message}]}, headers)


def docker(status: int, code: str, message: str, detail: Any = None, **headers: str) -> Refused:
    """A registry: `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"…","detail":{…}}]}`."""
    body = {"errors": [{"code": code, "message": message, "detail": detail}]}
    return _json(status, body, {"Docker-Distribution-Api-Version": "registry/2.0", **headers})


def aql(status: int, text: str) -> Refused:
    """AQL and a few other Artifactory calls answer in plain text."""
    return Refused(status, text.encode(), "text/plain", {})


def xray(status: int, text: str) -> Refused:
    """Xray: `{"error":"…"}`."""
    return _json(status, {"error": text}, {})


def access(status: int, code: str, message: str) -> Refused:
    """Access: as Artifactory, but with a word `code` in place of the number."""
    return _json(status, {"errors": [{"code": code, "message": message}]}, {})


def unauthorized(service: Service, why: Refusal) -> Refused:
    """401 in the service's own shape; Artifactory adds a Basic challenge."""
    match service:
        case "xray":
            return xray(401, "Bad Credentials")  # the exact text is not published
        case "access":
            return access(401, "UNAUTHORIZED", _ACCESS_401[why])
    challenge = {"WWW-Authenticate": 'Basic realm="Artifactory Realm"'}
    return artifactory(401, _ARTIFACTORY_401[why], **challenge)


def forbidden(service: Service, *, hide: bool = False) -> Refused:
    """403 in the service's own shape, or Artifactory's 404 when unauthorised resources are hidden."""
    match service:
        case "xray":
            return xray(403, "User is not permitted to perform this action")  # the text is not published
        case "access":
            return access(403, "FORBIDDEN", "Access denied")
    if hide:
        return artifactory(404, "Not Found")
    return artifactory(403, "Forbidden")


def failure(service: Service, status: int) -> Refused:
    """Any other failing status in the service's own shape."""
    phrase = _PHRASES.get(status, "Failure")
    match service:
        case "xray":
            return xray(status, phrase)
        case "access":
            return access(status, phrase.upper().replace(" ", "_"), phrase)
        case "docker":
            return docker(status, _DOCKER_CODES.get(status, "UNKNOWN"), phrase)
    return artifactory(status, phrase)


def _json(status: int, body: Any, headers: dict[str, str]) -> Refused:
    return Refused(status, msgspec.json.encode(body), "application/json", headers)


_DOCKER_CODES = {401: "UNAUTHORIZED", 403: "DENIED", 405: "UNSUPPORTED", 429: "TOOMANYREQUESTS"}

_PHRASES = {int(status): status.phrase for status in HTTPStatus}

# “Props Authentication Token not found” is what a bad bearer token really gets (jfrog-cli issue 1814),
# “Token failed verification: expired” is quoted by JFrog's vault plugin.
_ARTIFACTORY_401: dict[Refusal, str] = {
    "missing": "Authentication is required",
    "credentials": "Bad credentials",
    "token": "Props Authentication Token not found",
    "expired": "Token failed verification: expired",
    "revoked": "Token failed verification: revoked",
    "audience": "Token failed verification: audience",
}
_ACCESS_401: dict[Refusal, str] = {
    "missing": "Authentication is required",
    "credentials": "Bad credentials",
    "token": "Invalid token",
    "expired": "Invalid token, expired",
    "revoked": "Invalid token, revoked",
    "audience": "Invalid token, audience",
}
