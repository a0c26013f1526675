"""The messages of SafeDep's two feeds, in their own words (proto3 JSON), and only what we use of them.

Whatever has its default is left out on the wire, and what we don't know is ignored. Records are kept raw
until each is read by itself, so that one in another form leaves its page readable.

Sources: docs.safedep.io, threat-intel; for the older list github.com/safedep/cli, poller.go, and
github.com/safedep/vetpkg.dev, src/app/mal.
"""

import hashlib
from datetime import datetime
from typing import TypeVar

import msgspec

PAGE_SIZE = 100  # the most that ListPackageReports takes
ASCENDING = "SORT_ORDER_ASCENDING"


class Wire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message: snake_case here, lowerCamelCase there."""


class Pagination(Wire, frozen=True, omit_defaults=True):
    page_size: int
    sort_order: str
    page_token: str = ""


class NextPage(Wire, frozen=True):
    next_page_token: str | None = None


class ReportFilters(Wire, frozen=True):
    since: datetime  # reports whose `updatedAt` is later, not those of the same moment


class ListReports(Wire, frozen=True, omit_defaults=True):
    """The request of `ListPackageReports`; with no filter on verdicts, so that a downgrade comes too."""

    pagination: Pagination
    filters: ReportFilters | None = None


class ReportsPage(Wire, frozen=True):
    package_reports: list[msgspec.Raw] | None = None
    pagination: NextPage | None = None


class ReportPackage(Wire, frozen=True):
    name: str | None = None
    versions: list[str] | None = None  # none: all versions


class Report(Wire, frozen=True):
    report_id: str | None = None
    verdict: str | None = None
    confidence: str | None = None
    title: str | None = None
    summary: str | None = None
    ecosystem: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    withdrawn: bool | None = None
    package: ReportPackage | None = None


class ListAnalyses(Wire, frozen=True):
    """The request of `ListPackageAnalysisRecords`; no filter here either."""

    start_from: datetime  # analyses whose `createdAt` is later
    pagination: Pagination


class AnalysesPage(Wire, frozen=True):
    records: list[msgspec.Raw] | None = None
    pagination: NextPage | None = None


class AnalysedPackage(Wire, frozen=True):
    ecosystem: str | None = None
    name: str | None = None


class AnalysedVersion(Wire, frozen=True):
    package: AnalysedPackage | None = None
    version: str | None = None  # "0": all versions


class AnalysisTarget(Wire, frozen=True):
    package_version: AnalysedVersion | None = None


class Analysis(Wire, frozen=True):
    analysis_id: str | None = None
    target: AnalysisTarget | None = None
    is_malware: bool | None = None
    is_verified: bool | None = None
    created_at: datetime | None = None


class _Ids(Wire, frozen=True):
    """The ids of a record whose other fields can't be read."""

    report_id: str | None = None
    analysis_id: str | None = None


Message = TypeVar("Message", bound=Wire)


def decode(data: bytes, message: type[Message]) -> Message:
    """Read a message.

    Raises:
        ValueError: it is no JSON, or not of this form; the text says where.
    """
    try:
        return msgspec.json.decode(data, type=message)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def name_of(data: bytes) -> str:
    """Name a record that can't be read: by its id, else by its bytes, the same each time it comes."""
    try:
        ids = decode(data, _Ids)
    except ValueError:
        ids = _Ids()
    return ids.report_id or ids.analysis_id or f"sha256:{hashlib.sha256(data).hexdigest()[:32]}"
