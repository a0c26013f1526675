"""Why a call to JFrog did not give what it should: every cause by name, and what to do about each.

This table and `exchange.py`, which reads answers, are the only places that know status codes.
"""

from enum import StrEnum

import msgspec

from reedbed.errors import ReedbedError, Refused, Unreachable, Unreadable
from reedbed.model.secret import Secret


class Cause(StrEnum):
    """A stable word for each cause; the platform test shows it, scripts may match on it."""

    NAME_NOT_FOUND = "name-not-found"
    CONNECTION_REFUSED = "connection-refused"
    NO_ROUTE = "no-route"
    TIMEOUT = "timeout"
    DROPPED = "connection-dropped"
    PROXY = "proxy-failed"
    TLS_EXPIRED = "tls-certificate-expired"
    TLS_UNKNOWN_CA = "tls-unknown-ca"
    TLS_WRONG_NAME = "tls-wrong-name"
    TLS = "tls-failed"
    RESTING = "resting"
    TOO_LARGE = "answer-too-large"
    TRUNCATED = "answer-truncated"
    NOT_AS_DOCUMENTED = "answer-not-as-documented"
    LOGIN_PAGE = "login-page"
    ASLEEP = "instance-asleep"
    REDIRECT = "redirect"
    UNAUTHORISED = "unauthorised"
    TOKEN_EXPIRED = "token-expired"  # noqa: S105 - a word, not a secret
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    REJECTED = "rejected"
    BUSY = "busy"
    SERVER_ERROR = "server-error"
    BLOB_STORE = "blob-store"


FIX: dict[Cause, str] = {
    Cause.NAME_NOT_FOUND: "Check the host name in the platform's URL, and this machine's DNS.",
    Cause.CONNECTION_REFUSED: "Check host and port of the platform's URL, and that JFrog is running.",
    Cause.NO_ROUTE: "Check this machine's network, firewall, and whether a proxy has to be set.",
    Cause.TIMEOUT: "Check firewall and proxy; for a slow instance raise the platform's timeout.",
    Cause.DROPPED: "Try again; if it lasts, look at the reverse proxy in front of JFrog.",
    Cause.PROXY: "Check the platform's proxy setting.",
    Cause.TLS_EXPIRED: "Renew the certificate of the JFrog host.",
    Cause.TLS_UNKNOWN_CA: "Set the platform's CA file (--ca-file of `reedbed platform add`), or "
    "SSL_CERT_FILE for all that this program asks, to the PEM file of the authority that signed it.",
    Cause.TLS_WRONG_NAME: "Use the host name that the certificate names, or have it issued for this one.",
    Cause.TLS: "Check that the port speaks TLS, and which versions of TLS it allows.",
    Cause.RESTING: "Nothing: calls start again by themselves. `reedbed platform test` says what is wrong.",
    Cause.TOO_LARGE: "Check that the platform's URL leads to JFrog; nothing of ours is that large.",
    Cause.TRUNCATED: "Try again; if it lasts, look at the logs of JFrog and of the proxy in front.",
    Cause.NOT_AS_DOCUMENTED: "Check JFrog's version, and report this with the text above.",
    Cause.LOGIN_PAGE: "Use the platform's base URL, as https://company.jfrog.io: nothing after the host.",
    Cause.ASLEEP: "Sign in at the platform's URL in a browser, which starts the instance again.",
    Cause.REDIRECT: "Set the platform's URL to where the redirect leads, if that is your JFrog.",
    Cause.UNAUTHORISED: "The access token is wrong, revoked, or of another platform: "
    "make a new one and run `reedbed platform rotate`.",
    Cause.TOKEN_EXPIRED: "Make a new access token and run `reedbed platform rotate`.",
    Cause.FORBIDDEN: "Give the token's user {needs}.",
    Cause.NOT_FOUND: "Check the platform's URL, and that it runs the service that was asked.",
    Cause.REJECTED: "Read what JFrog says above; if it makes no sense, report it.",
    Cause.BUSY: "Nothing: it is tried again. If it lasts, lower the platform's requests per second.",
    Cause.SERVER_ERROR: "Nothing: it is tried again. If it lasts, look at JFrog's own logs.",
    Cause.BLOB_STORE: "Check that this machine may reach the store that JFrog keeps its files in, and that "
    "no --blob-host of the platform is wrong.",
}

ROTATE = "reedbed platform rotate"
"""Stands in the advice for the command that replaces the token."""

_UNREADABLE = frozenset(
    (
        *(Cause.TOO_LARGE, Cause.TRUNCATED, Cause.NOT_AS_DOCUMENTED),
        *(Cause.LOGIN_PAGE, Cause.REDIRECT),
    )
)
_REFUSED = frozenset(
    (Cause.UNAUTHORISED, Cause.TOKEN_EXPIRED, Cause.FORBIDDEN, Cause.NOT_FOUND, Cause.REJECTED)
)
PASSING = frozenset(Cause) - _UNREADABLE - _REFUSED | {Cause.TRUNCATED}
"""The causes that may be gone when the same call is made again."""

_LASTING = frozenset(
    (
        *(Cause.TLS_EXPIRED, Cause.TLS_UNKNOWN_CA, Cause.TLS_WRONG_NAME, Cause.TLS),
        *(Cause.ASLEEP, Cause.RESTING),
    )
)
AGAIN_AT_ONCE = PASSING - _LASTING
"""The causes that may be gone within seconds, so that the same call is worth repeating."""

NOBODY_HOME = PASSING - {Cause.BUSY, Cause.TRUNCATED, Cause.RESTING}
"""The causes that count towards the breaker; an instance that says it is busy is there."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A call that failed: the cause, what was seen of it, and the answer's status where there was one."""

    cause: Cause
    seen: str  # one line, without secrets: "JFrog answered 401: Bad credentials"
    status: int = 0  # 0: there was no answer
    retry_after_s: float | None = None
    rotate: str = ""  # the command that replaces the token which was used, where that is known
    from_service: bool = False  # the answer is in the JSON form in which JFrog's services complain
    location: Secret | None = None  # where a redirect leads; its query may be a credential

    def error(self, doing: str, *, needs: str) -> ReedbedError:
        """Word the failure for whoever called: `doing` completes “Could not …”, `needs` “Give the user …”."""
        what, fix = f"Could not {doing}", FIX[self.cause].format(needs=needs)
        if self.rotate:
            fix = fix.replace(ROTATE, self.rotate)
        if self.cause in _REFUSED:
            return Refused(what, why=self.seen, fix=fix, status=self.status or None)
        if self.cause in _UNREADABLE:
            return Unreadable(what, why=self.seen, fix=fix)
        return Unreachable(what, why=self.seen, fix=fix, retry_after_s=self.retry_after_s)
