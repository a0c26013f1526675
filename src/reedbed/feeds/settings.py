"""What an operator may set of each kind of feed: one struct a kind, told apart by `kind`."""

import re
from typing import Annotated

import msgspec
from msgspec import Meta

from reedbed.model.advisory import Confidence, Verdict

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
ECOSYSTEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .:_-]*")
LOOPBACK = re.compile(r"http://(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?(/|$)")

Name = Annotated[str, Meta(description="Your name for the feed: a-z, 0-9 and -. It marks all that it says.")]
Source = Annotated[str, Meta(description="An `https://` address, or a path on this machine.")]
Megabytes = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0)]


class _Feed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What every kind has."""

    name: Name
    source: Source
    ca_file: Annotated[
        str, Meta(description="PEM file of a private certificate authority. Empty: the system's.")
    ] = ""
    proxy: Annotated[str, Meta(description="HTTP proxy to reach the source by. Empty: none.")] = ""
    timeout_s: Annotated[
        Seconds, Meta(description="Seconds without a byte after which a request is given up.")
    ] = 30.0
    retry_wait_s: Annotated[
        Seconds, Meta(description="Seconds before the second attempt of a request; doubles with each.")
    ] = 1.0
    allow_plain_http: Annotated[
        bool, Meta(description="Allow `http://`, for addresses of this machine itself only.")
    ] = False

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"a feed's name is of a-z, 0-9 and -, at most 63 long; not {self.name!r}")
        if fault := _source_fault(self.source, allow_plain_http=self.allow_plain_http):
            raise ValueError(f"the source of the feed {self.name} {fault}")

    @property
    def remote(self) -> bool:
        return "://" in self.source


class _Trusted(_Feed, frozen=True, kw_only=True):
    """What a kind has whose records need not say how bad a package is, and who says so."""

    verdict: Annotated[Verdict, Meta(description="What its records say, where they do not say it.")] = (
        Verdict.MALICIOUS
    )
    confidence: Annotated[
        Confidence, Meta(description="Who vouches for its records, where they do not say it.")
    ] = Confidence.HUMAN_VERIFIED


class OsvSettings(_Trusted, frozen=True, kw_only=True, tag="osv"):
    """Records in the OSV format: an archive in the public layout, a zip, a folder or a git checkout."""

    ecosystems: Annotated[
        tuple[str, ...],
        Meta(description="OSV's names of the ecosystems to read (`npm`, `PyPI`). Empty: all we can block."),
    ] = ()
    id_prefixes: Annotated[
        tuple[str, ...], Meta(description="Only records whose id begins with one of these are about malware.")
    ] = ("MAL-",)
    overlap_s: Annotated[
        float, Meta(ge=0, description="Seconds before the watermark that are read again each time.")
    ] = 600.0
    single_records: Annotated[
        int,
        Meta(ge=0, description="Up to so many changed records are fetched one by one, more as one archive."),
    ] = 200
    concurrency: Annotated[int, Meta(ge=1, le=64, description="Records fetched at the same time.")] = 8
    max_archive_mb: Annotated[
        Megabytes, Meta(description="Largest archive, packed; unpacked it may be eight times that.")
    ] = 2_048
    max_record_mb: Annotated[Megabytes, Meta(description="Largest single record.")] = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        for ecosystem in self.ecosystems:
            if not ECOSYSTEM.fullmatch(ecosystem):
                raise ValueError(f"the feed {self.name} names an ecosystem {ecosystem!r}, which none can be")


class OwnListSettings(_Trusted, frozen=True, kw_only=True, tag="own-list"):
    """An organisation's own list: JSON or CSV, see docs/feeds.md."""

    max_list_mb: Annotated[Megabytes, Meta(description="Largest list.")] = 64


class _Service(_Feed, frozen=True, kw_only=True):
    """What the kinds have that ask SafeDep's data plane, with an API key."""

    source: Annotated[str, Meta(description="The `https://` address of SafeDep's data plane.")] = (
        "https://api.safedep.io"  # docs.safedep.io, reference/endpoints
    )
    profile: Annotated[
        str, Meta(description="Whose API key to use, where SAFEDEP_API_KEY is not set: see `reedbed auth`.")
    ] = "default"
    max_page_mb: Annotated[Megabytes, Meta(description="Largest answer with one page of records.")] = 32

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.remote:
            raise ValueError(f"the source of the feed {self.name} is no https:// address")


class SafeDepSettings(_Service, frozen=True, kw_only=True, tag="safedep"):
    """The reports of SafeDep's Threat Intel feed."""

    overlap_s: Annotated[
        Seconds, Meta(description="Seconds before the watermark that are read again each time.")
    ] = 600.0


class SafeDepListSettings(_Service, frozen=True, kw_only=True, tag="safedep-list"):
    """The analyses of SafeDep's older list, which reaches back seven days."""

    overlap_s: Annotated[
        Seconds, Meta(description="Seconds before the watermark that are read again each time.")
    ] = 86_400.0


FeedSettings = OsvSettings | OwnListSettings | SafeDepSettings | SafeDepListSettings
ServiceSettings = SafeDepSettings | SafeDepListSettings


def _source_fault(source: str, *, allow_plain_http: bool) -> str | None:
    scheme, separator, rest = source.partition("://")
    if not source:
        return "is empty"
    if not separator:
        return None
    if "@" in rest.partition("/")[0]:
        return "holds a user name or password, which would show in logs"
    if scheme == "https" or (LOOPBACK.match(source) and allow_plain_http):
        return None
    if LOOPBACK.match(source):
        return "is plain http:// on this machine: set allow_plain_http to allow that"
    return f"begins with {scheme}://: use https://, or a path"
