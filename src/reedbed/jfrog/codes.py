"""The stable codes of what tests see: scripts and runbooks may rely on them. Pure."""

from reedbed.errors import ReedbedError, Refused, Unreachable
from reedbed.jfrog.causes import ROTATE, Cause

CODES: dict[str, str] = {
    Cause.NAME_NOT_FOUND: "NET_DNS",
    Cause.CONNECTION_REFUSED: "NET_REFUSED",
    Cause.NO_ROUTE: "NET_NO_ROUTE",
    Cause.TIMEOUT: "NET_TIMEOUT",
    Cause.DROPPED: "NET_DROPPED",
    Cause.PROXY: "NET_PROXY",
    Cause.RESTING: "NET_RESTING",
    Cause.TLS_EXPIRED: "TLS_EXPIRED",
    Cause.TLS_UNKNOWN_CA: "TLS_UNKNOWN_CA",
    Cause.TLS_WRONG_NAME: "TLS_WRONG_NAME",
    Cause.TLS: "TLS_FAILED",
    Cause.UNAUTHORISED: "AUTH_401",
    Cause.FORBIDDEN: "AUTH_403",
    Cause.TOKEN_EXPIRED: "AUTH_EXPIRED",
    Cause.REDIRECT: "AUTH_REDIRECT",
    Cause.ASLEEP: "AUTH_ASLEEP",
    Cause.LOGIN_PAGE: "AUTH_LOGIN_PAGE",
    Cause.NOT_FOUND: "HTTP_404",
    Cause.REJECTED: "HTTP_4XX",
    Cause.BUSY: "HTTP_429",
    Cause.SERVER_ERROR: "HTTP_5XX",
    Cause.TOO_LARGE: "ANSWER_TOO_LARGE",
    Cause.TRUNCATED: "ANSWER_CUT_OFF",
    Cause.NOT_AS_DOCUMENTED: "ANSWER_UNREADABLE",
    "token-unusable": "AUTH_NO_TOKEN",
    "api-key": "AUTH_API_KEY",
    "token-expires-soon": "AUTH_EXPIRES_SOON",
    "no-artifactory-audience": "AUTH_AUDIENCE",
    "no-xray-audience": "AUTH_AUDIENCE",
}


def code_of(cause: str | ReedbedError) -> str:
    """Give the code of a cause, or of an error whose cause nobody kept; a code is its own."""
    match cause:
        case Refused(status=status):
            return {401: "AUTH_401", 403: "AUTH_403", 404: "HTTP_404"}.get(status or 0, "HTTP_4XX")
        case Unreachable():
            return "HTTP_UNAVAILABLE"
        case ReedbedError():
            return "ANSWER_UNREADABLE"
        case _:
            return CODES.get(cause, cause)


def fix_of(code: str, fix: str, *, rotate: str) -> str:
    """Give the advice, naming the command that replaces this very token."""
    if code in {"AUTH_401", "AUTH_EXPIRED", "AUTH_EXPIRES_SOON"}:
        return fix.replace(ROTATE, rotate)
    return fix
