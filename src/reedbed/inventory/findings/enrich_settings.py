"""What the daemon imports of others' knowledge about CVEs, and how often. By default nothing."""

from typing import Annotated

import msgspec
from msgspec import Meta


class Enrich(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Empty addresses are not asked: which ones this machine may ask, its operator knows."""

    epss_url: Annotated[
        str,
        Meta(description="https:// address, or file, of EPSS scores that the daemon imports. Empty: none."),
    ] = ""
    kev_url: Annotated[
        str,
        Meta(description="https:// address, or file, of a KEV list that the daemon imports. Empty: none."),
    ] = ""
    kev_source: Annotated[
        str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$", description="Whose KEV list `enrich.kev_url` is.")
    ] = "cisa"
    ca_file: Annotated[str, Meta(description="PEM file of a private certificate authority for both.")] = ""
    interval_s: Annotated[float, Meta(gt=0, description="Seconds between two imports by the daemon.")] = (
        86_400.0
    )
