"""A JFrog Platform: where it is, and how it may be asked."""

import re
from datetime import datetime

import msgspec

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
BLOB_HOST = re.compile(
    r"(?=.{1,260}\Z)(?:(?:\.[a-z0-9_-]+){2,}"
    r"|(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::\d{1,5})?)"
)
"""`bucket.s3.example`, `10.0.0.8:9000`, `[::1]`, or an ending of two parts and more, `.s3.example`."""
MOST_BLOB_HOSTS = 50


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
    blob_hosts: tuple[str, ...] = ()  # stores that it may redirect to: hosts, or endings: ".s3.example"

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"a platform's name is of a-z, 0-9 and -, at most 63 long; not {self.name!r}")
        if not (self.per_second > 0 and self.concurrency >= 1 and self.timeout_s > 0):
            raise ValueError("requests a second, requests in flight and the timeout are more than none")
        if len(self.blob_hosts) > MOST_BLOB_HOSTS:
            raise ValueError(f"there may be {MOST_BLOB_HOSTS} blob hosts")
        for host in self.blob_hosts:
            if not BLOB_HOST.fullmatch(host):
                raise ValueError(f"a blob host is a host, or an ending as .s3.example; not {host!r}")
