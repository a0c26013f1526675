"""What a JFrog access token says of itself, read without asking anybody. The token itself is never shown.

Source: claims as in github.com/jfrog/jfrog-client-go auth/authutils.go; the forms that are no JWT in
registry.terraform.io/providers/jfrog/artifactory, resource artifactory_scoped_token.
"""

import base64
import binascii
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from reedbed.errors import SettingsError

LONGEST_TOKEN = 16_384
ARTIFACTORY, XRAY = "jfrt", "jfxr"
"""The words for the services in a token's audience."""


class Kind(StrEnum):
    ACCESS_TOKEN = "access token"  # noqa: S105 - a word, not a secret
    OPAQUE = "reference token"  # nothing of it can be read here
    API_KEY = "API key"  # ended by JFrog, and refused as a bearer


class TokenFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What could be read of a token; an empty field is one that it does not say."""

    kind: Kind
    token_id: str = ""
    subject: str = ""  # "jfac@01…/users/alice"
    scopes: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()  # "*@*", "jfrt@*"
    issued_at: datetime | None = None
    expires_at: datetime | None = None  # UTC; None: never, or not said

    @property
    def user(self) -> str:
        """The user's name, which may itself hold a slash; empty where the subject names none."""
        return self.subject.partition("/users/")[2]

    def meant_for(self, service: str) -> bool | None:
        """Say whether the audience takes in a service (`jfrt`, `jfxr`); None where the token does not say."""
        if not self.audience:
            return None
        return any(entry.partition("@")[0] in {"*", service} for entry in self.audience)


class _Claims(msgspec.Struct):
    sub: str = ""
    scp: str = ""
    aud: str | list[str] = ""
    iat: float | None = None
    exp: float | None = None
    jti: str = ""


def read_token(token: str) -> TokenFacts:
    """Read what a token says. The signature is not checked: that is the platform's to do."""
    if token.startswith("AKCp"):
        return TokenFacts(kind=Kind.API_KEY)
    claims = _claims(token)
    if claims is None:
        return TokenFacts(kind=Kind.OPAQUE)
    audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    return TokenFacts(
        kind=Kind.ACCESS_TOKEN,
        token_id=claims.jti,
        subject=claims.sub,
        scopes=tuple(claims.scp.split()),
        audience=tuple(filter(None, audience)),
        issued_at=moment(claims.iat),
        expires_at=moment(claims.exp),
    )


def check_token(token: str) -> None:
    """Refuse what could not be sent as a header.

    Raises:
        SettingsError: it is empty, too long, or not of visible ASCII; the message does not show it.
    """
    if token and len(token) <= LONGEST_TOKEN and all("!" <= character <= "~" for character in token):
        return
    why = "it is empty" if not token else "it holds white space or other characters that no token has"
    raise SettingsError("The access token can't be used", why=why, fix="Copy the token again, on one line.")


def moment(seconds: float | None) -> datetime | None:
    """Turn Unix seconds into a time; None for none, for 0, and for what is beyond the calendar."""
    if not seconds:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _claims(token: str) -> _Claims | None:
    parts = token.split(".")
    if len(parts) != 3 or len(token) > LONGEST_TOKEN:
        return None
    try:
        payload = base64.b64decode(parts[1] + "=" * (-len(parts[1]) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(payload, type=_Claims)
    except (binascii.Error, ValueError):  # msgspec's errors are ValueErrors
        return None
