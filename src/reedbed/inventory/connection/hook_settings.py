"""Settings of where JFrog tells of changes."""

from typing import Annotated

import msgspec
from msgspec import Meta

from reedbed.jfrog.hook_secrets import EVENT_HEADER, Algorithm


class Hooks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    listen: Annotated[
        str,
        Meta(
            description="host:port where the daemon takes JFrog's webhooks, while a connection has a hook; "
            "empty: nowhere."
        ),
    ] = "127.0.0.1:9465"
    public_url: Annotated[
        str,
        Meta(description="How JFrog reaches that address: `https://reedbed.example.com`. For showing it."),
    ] = ""
    certificate: Annotated[
        str,
        Meta(description="PEM file of the certificate to speak TLS with, its chain included. Empty: no TLS."),
    ] = ""
    certificate_key: Annotated[str, Meta(description="PEM file of the certificate's key.")] = ""
    allow_plain_http: Annotated[
        bool,
        Meta(description="Listen beyond this machine without TLS: a proxy in front has to speak it."),
    ] = False
    algorithm: Annotated[
        Algorithm, Meta(description="The hash that Artifactory's signatures are made with (HMAC).")
    ] = "sha256"
    header: Annotated[
        str, Meta(description="The header that has Artifactory's signature, or its secret.")
    ] = EVENT_HEADER
    max_bytes: Annotated[int, Meta(ge=1024, description="Bytes of a delivery; a longer one is refused.")] = (
        4 * 1024 * 1024
    )
    per_minute: Annotated[
        int, Meta(ge=1, description="Deliveries to a hook in a minute; more are refused with 429.")
    ] = 600
    max_age_s: Annotated[
        float, Meta(gt=0, description="Seconds after which a delivery that holds its date is refused.")
    ] = 3600.0
    remember_s: Annotated[
        float, Meta(gt=0, description="Seconds for which a delivery that comes again is known as such.")
    ] = 3600.0
    debounce_s: Annotated[
        float, Meta(ge=0, description="Seconds that hints wait for others before a run looks at them.")
    ] = 10.0
