"""A JFrog Platform: where it is, and how it may be asked."""

import re
from datetime import datetime

import msgspec

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    """One JFrog Platform, under the name that the operator gave it. Its token lives apart, encrypted."""

    name: str
    url: str  # https://host[:port][/prefix], without a trailing slash
    ca_file: str | None = None  # PEM; None: the system's certificate authorities
    proxy: str | None = None
    per_second: float = 100.0  # requests a second, over all processes together
    concurrency: int = 16  # requests in flight
    timeout_s: float = 30.0  # for one request, from connect to the last byte
    token_expires_at: datetime | None = None  # UTC; None: not known, or never
    shielded: bool = True  # what feeds say is pushed to it; else it is only read

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"a platform's name is of a-z, 0-9 and -, at most 63 long; not {self.name!r}")
