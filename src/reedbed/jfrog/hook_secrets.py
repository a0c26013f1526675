"""Whether a webhook comes from who knows its secret. Pure, and in constant time.

Artifactory sends the secret of a subscription in the header `X-JFrog-Event-Auth`, or signs the body with it,
when it was told `use_secret_for_signing`: github.com/jfrog/terraform-provider-artifactory, *_webhook.md.
That the signature is a hexadecimal HMAC-SHA256 of the body is how receivers in the field read it, not
documented; a name of the algorithm may stand before it. Xray signs nothing: it sends user and password, and
headers that it was told (terraform-provider-xray, webhook.md).
"""

import base64
import hmac
from collections.abc import Mapping
from typing import Literal

import msgspec

from reedbed.model.hints import Source
from reedbed.model.secret import Secret

Algorithm = Literal["sha256", "sha1", "sha512"]

USER = "reedbed"
"""Xray's user name; and the header in which it may send the secret instead."""
HEADER = "X-Reedbed-Secret"
EVENT_HEADER = "X-JFrog-Event-Auth"


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """How one hook's deliveries prove where they come from."""

    source: Source
    secret: Secret
    signed: bool  # by Artifactory: it signs the body, and does not send the secret
    algorithm: Algorithm = "sha256"
    header: str = EVENT_HEADER


def genuine(expected: Expected, headers: Mapping[str, str], body: bytes) -> bool:
    """Say whether whoever sent a body knows the secret; without a secret nobody does."""
    if not expected.secret:
        return False
    if expected.source is Source.XRAY:
        basic = f"{USER}:{expected.secret.reveal()}".encode()
        by_user = _same(headers.get("Authorization"), b"Basic " + base64.b64encode(basic))
        return by_user | _same(headers.get(HEADER), expected.secret.reveal().encode())
    given = headers.get(expected.header)
    if expected.signed:
        return _same(_bare(given, expected.algorithm), signature(expected, body).encode())
    return _same(given, expected.secret.reveal().encode())


def signature(expected: Expected, body: bytes) -> str:
    """Sign a body, in hexadecimal."""
    return hmac.digest(expected.secret.reveal().encode(), body, expected.algorithm).hex()


def _bare(given: str | None, algorithm: Algorithm) -> str | None:
    return None if given is None else given.removeprefix(f"{algorithm}=").lower()


def _same(given: str | None, wanted: bytes) -> bool:
    return given is not None and hmac.compare_digest(given.encode("utf-8", "surrogateescape"), wanted)
