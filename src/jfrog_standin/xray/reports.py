"""/xray/api/v1|v2/reports: ordered, waited for, read by pages or as a file, and deleted again.

Source: ReportsV1Api and ReportsV2Api of JFrog's OpenAPI; that about a hundred are kept, and that many
patterns make one fail: terraform-provider-xray issue 302. A report tells what was true when it was ordered.
Ours: that it is not ready for as many looks as the switch `report_polls` says, and the texts of refusals.
"""

import io
import zipfile
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any, get_args

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import Caller, caller_of
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import Platform, platform_of
from jfrog_standin.xray.body import as_kind, json_object
from jfrog_standin.xray.exposures import shown as shown_exposure
from jfrog_standin.xray.looking import look
from jfrog_standin.xray.lookup import artifacts_in
from jfrog_standin.xray.paging import page_of
from jfrog_standin.xray.report import (
    ORDERS,
    Filters,
    Flawed,
    Kind,
    flawed,
    license_rows,
    risk_rows,
    row_v1,
    row_v2,
)
from jfrog_standin.xray.scan import TOLD
from jfrog_standin.xray.scanned import ScannedArtifact
from jfrog_standin.xray.violation import detailed

PDF_LIMIT = 2_000
MANDATORY = ("direction", "page_num", "num_of_rows", "order_by")
MOST_PATTERNS = 20


class Included(msgspec.Struct, frozen=True, kw_only=True):
    """A repository with patterns of the paths in it."""

    name: str
    include_path_patterns: tuple[str, ...] | None = None
    exclude_path_patterns: tuple[str, ...] | None = None

    def holds(self, path: str) -> bool:
        wanted, unwanted = self.include_path_patterns or ("*",), self.exclude_path_patterns or ()
        return any(fnmatchcase(path, one) for one in wanted) and not any(
            fnmatchcase(path, one) for one in unwanted
        )


class Resources(msgspec.Struct, frozen=True, kw_only=True):
    """What a report is about; builds, release bundles and projects have none here."""

    repositories: tuple[Included, ...] | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    resources: Resources
    filters: Filters = Filters()


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """An ordered report with all its rows."""

    id: int
    name: str
    kind: Kind
    author: str
    started: str
    artifacts: int
    looks_left: int  # until it is ready
    failed: bool
    rows: tuple[Any, ...]  # of vulnerabilities Flawed, else as they are shown

    @property
    def status(self) -> str:
        if self.looks_left > 0:
            return "running" if self.looks_left == 1 else "pending"
        return "failed" if self.failed else "completed"


class Reports:
    """The reports that one Xray keeps."""

    def __init__(self) -> None:
        self._kept: dict[int, Report] = {}
        self._last = 0

    def routes(self) -> list[web.RouteDef]:
        base = "/xray/api/v1/reports"
        kinds, one = "|".join(get_args(Kind)), "{id:[0-9]+}"
        return [
            web.get(base, self.all, allow_head=False),
            web.post(f"{base}/{{kind:{kinds}}}", self.order),
            web.get(f"{base}/{one}", self.show, allow_head=False),
            web.delete(f"{base}/{one}", self.delete),
            web.get(f"{base}/export/{one}", self.export, allow_head=False),
            web.post(f"/xray/api/v{{version:[12]}}/reports/{{kind:{kinds}}}/{one}", self.page),
        ]

    async def order(self, request: web.Request) -> web.Response:
        """Order a report of a kind; its rows are gathered at once."""
        platform, caller = _for_reporting(request), caller_of(request)
        asked, kind = as_kind(await json_object(request), Order), _kind(request)
        limit = platform.switches.report_limit
        if limit and len(self._kept) >= limit:
            raise errors.xray(429, f"Reached the limit of {limit} saved reports")
        artifacts = _artifacts(platform, caller, asked.resources)
        self._last += 1
        report = Report(
            id=self._last,
            name=asked.name,
            kind=kind,
            author=caller.user,
            started=f"{platform.clock.now():%Y-%m-%dT%H:%M:%SZ}",
            artifacts=len(artifacts),
            looks_left=platform.switches.report_polls,
            failed=_has_many_patterns(asked.resources),
            rows=tuple(_rows(platform, kind, artifacts, asked.filters)),
        )
        self._kept[report.id] = report
        return json_answer({"report_id": report.id, "status": "pending"})

    async def all(self, request: web.Request) -> web.Response:
        """List the reports, with the limits that hold for them."""
        limit = _for_reporting(request).switches.report_limit
        shown = [_shown(report) for report in self._kept.values()]
        answer = {"total_reports": len(shown), "reports": shown}
        return json_answer(answer | {"max_saved_limit": limit, "pdf_export_limit": PDF_LIMIT})

    async def show(self, request: web.Request) -> web.Response:
        """Tell how far one is; looking brings it on."""
        report = self._one(request)
        if report.looks_left > 0:
            self._kept[report.id] = msgspec.structs.replace(report, looks_left=report.looks_left - 1)
        return json_answer(_shown(report))

    async def page(self, request: web.Request) -> web.Response:
        """Answer a page of rows; all four parameters are mandatory."""
        report, query = self._ready(request), request.query
        missing = [name for name in MANDATORY if not query.get(name)]
        if missing or report.kind != _kind(request):
            raise errors.xray(
                400, f"Missing or wrong parameters: {', '.join(missing) or 'the type of report'}"
            )
        rows = page_of(_ordered(report, query), number=query["page_num"], size=query["num_of_rows"])
        write = row_v1 if request.match_info["version"] == "1" else row_v2
        shown = [write(row) if isinstance(row, Flawed) else row for row in rows]
        return json_answer({"total_rows": len(report.rows), "rows": shown})

    async def export(self, request: web.Request) -> web.Response:
        """Answer a ZIP with all rows as JSON."""
        report, query = self._ready(request), request.query
        if query.get("format", "json") != "json" or not query.get("file_name"):
            raise errors.xray(400, "Only format=json with a file_name is imitated")
        rows = [row_v1(row) if isinstance(row, Flawed) else row for row in report.rows]
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            document = {"total_rows": len(rows), "rows": rows}
            archive.writestr(f"{query['file_name']}.json", msgspec.json.encode(document))
        return web.Response(body=packed.getvalue(), content_type="application/octet-stream")

    async def delete(self, request: web.Request) -> web.Response:
        del self._kept[self._one(request).id]
        return json_answer({"info": "report deleted successfully"})

    def _one(self, request: web.Request) -> Report:
        _for_reporting(request)
        report = self._kept.get(int(request.match_info["id"]))
        if report is None:
            raise errors.xray(404, "Report was not found")
        return report

    def _ready(self, request: web.Request) -> Report:
        report = self._one(request)
        if report.status != "completed":
            raise errors.xray(400, f"Report is {report.status}")
        return report


def _for_reporting(request: web.Request) -> Platform:
    platform = platform_of(request)
    if not caller_of(request).has_role("manage_reports"):
        raise errors.forbidden("xray")
    if not platform.switches.reports:
        raise errors.xray(412, "Reports feature is disabled")
    return platform


def _kind(request: web.Request) -> Kind:
    kind: Kind = msgspec.convert(request.match_info["kind"], Kind)
    return kind


def _artifacts(platform: Platform, caller: Caller, resources: Resources) -> list[ScannedArtifact]:
    if not resources.repositories:
        raise errors.xray(400, "Reports are about repositories here: name at least one")
    return [
        found
        for included in resources.repositories
        for found in artifacts_in(platform, included.name)
        if found.status in TOLD and included.holds(found.path) and caller.may("read", found.repo, found.path)
    ]


def _has_many_patterns(resources: Resources) -> bool:
    """Many patterns make the making of a report fail."""
    entries = resources.repositories or ()
    return any(len(entry.include_path_patterns or ()) > MOST_PATTERNS for entry in entries)


def _rows(
    platform: Platform, kind: Kind, artifacts: list[ScannedArtifact], filters: Filters
) -> Iterable[Flawed | dict[str, Any]]:
    match kind:
        case "vulnerabilities":
            return flawed(artifacts, filters)
        case "licenses":
            return license_rows(artifacts)
        case "operationalRisks":
            return risk_rows(artifacts)
        case "exposures":
            return _exposures(artifacts)
        case "violations":
            return _violations(platform, artifacts)


def _exposures(artifacts: list[ScannedArtifact]) -> Iterable[dict[str, Any]]:
    return (
        shown_exposure(entry) | {"artifact": found.component, "path": f"{found.repo}/{found.path}"}
        for found in artifacts
        for entry in found.exposures
    )


def _violations(platform: Platform, artifacts: list[ScannedArtifact]) -> Iterable[dict[str, Any]]:
    look(platform)
    impacted = {f"default/{found.repo}/{found.path}" for found in artifacts}
    counted = (found for found in platform.xray.violations.values() if not found.ignored_by)
    return (detailed(found) for found in counted if found.impacted in impacted)


def _ordered(report: Report, query: Any) -> list[Any]:
    name = query["order_by"]
    if report.kind != "vulnerabilities":
        key: Callable[[Any], Any] = lambda row: str(row.get(name, ""))  # noqa: E731 - beside the other one
    elif name in ORDERS:
        key = ORDERS[name]
    else:
        raise errors.xray(400, f"order_by must be one of {', '.join(ORDERS)}")
    return sorted(report.rows, key=key, reverse=query["direction"] == "desc")


def _shown(report: Report) -> dict[str, Any]:
    done = report.status in {"completed", "failed"}
    return {
        "id": report.id,
        "name": report.name,
        "report_type": report.kind,
        "status": report.status,
        "total_artifacts": report.artifacts,
        "num_of_processed_artifacts": report.artifacts if done else 0,
        "progress": 100 if done else 50 if report.status == "running" else 0,
        "number_of_rows": len(report.rows) if done else 0,
        "start_time": report.started,
        "error": "Too many path patterns" if report.status == "failed" else "",
        "author": report.author,
    }
