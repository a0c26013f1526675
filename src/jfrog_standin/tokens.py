"""Access tokens: what one is, and its form as a JWT.

Claims: github.com/jfrog/jfrog-client-go auth/authutils.go; scopes and limits: the Terraform provider's
artifactory_scoped_token. A real platform signs with RS256; no client checks the signature, and an
elliptic key is made in no time, so that is what stands here.
"""

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

ALGORITHM = "ES256"


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """One access token as Access knows it; never the secret itself."""

    token_id: str
    username: str
    subject: str  # "jfac@01…/users/alice"
    scope: str
    audience: tuple[str, ...]
    issued_at: int  # Unix seconds
    expiry: int | None  # Unix seconds; None: it does not expire
    issuer: str
    description: str = ""
    refreshable: bool = False
    stored: bool = True  # False: too short-lived to be listed, looked up or revoked


class TokenDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of `GET /access/api/v1/tokens/{id}`; `expiry` is absent where there is none."""

    token_id: str
    subject: str
    issued_at: int
    issuer: str
    scope: str
    refreshable: bool
    expiry: int | None = None
    description: str | None = None


def details(token: Token) -> TokenDetails:
    """Show a token as Access does."""
    return TokenDetails(
        token_id=token.token_id,
        subject=token.subject,
        issued_at=token.issued_at,
        issuer=token.issuer,
        scope=token.scope,
        refreshable=token.refreshable,
        expiry=token.expiry,
        description=token.description or None,
    )


class Signer:
    """The key of one platform's Access service."""

    def __init__(self) -> None:
        self._key = ECKey.generate_key("P-256", auto_kid=True)

    def sign(self, token: Token) -> str:
        """Make the JWT of a token; a single `aud` is a string, and without an expiry there is no `exp`."""
        audience = token.audience[0] if len(token.audience) == 1 else list(token.audience)
        claims = {
            "sub": token.subject,
            "scp": token.scope,
            "aud": audience,
            "iss": token.issuer,
            "iat": token.issued_at,
            "jti": token.token_id,
        }
        if token.expiry is not None:
            claims["exp"] = token.expiry
        header = {"alg": ALGORITHM, "typ": "JWT", "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])

    def token_id(self, text: str) -> str | None:
        """Give the id in a JWT that this key has signed, or None for anything else."""
        try:
            claims = jwt.decode(text, self._key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError):
            return None
        return str(claims.get("jti", "")) or None
