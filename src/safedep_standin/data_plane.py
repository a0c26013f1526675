"""What SafeDep tells of packages: the Threat Intel feed, and the older list of analyses.

Sources: docs.safedep.io (threat-intel, reference/api-introduction); for the seven days of the older list and
for failed keys that come as `internal`, github.com/safedep/cli (poller.go, source_feed.go).
"""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from safedep_standin import records
from safedep_standin.account import KEY, TENANT
from safedep_standin.connect import error
from safedep_standin.pages import LARGEST_PAGE, page
from safedep_standin.records import Record, moment, stamp

Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]

REPORTS = "safedep.services.threatintel.v1.ThreatIntelService/ListPackageReports"
ANALYSES = "safedep.services.malysis.v1.MalwareAnalysisService/ListPackageAnalysisRecords"
FILTERS = {"since", "ecosystem", "verdict", "withdrawn"}
LIST_REACHES = timedelta(days=7)
LIST_BEGINS = timedelta(hours=1)
"""How far back the older list goes where nobody says from when."""


class DataPlane:
    """Reports and analyses, which whoever runs it changes; `asked` lists the messages of all requests."""

    def __init__(self, now: datetime) -> None:
        """`now` is the service's clock, which stands still."""
        self.url = ""  # once it is served
        self.now = now
        self.reports: dict[str, Record] = {}
        self.analyses: list[Record] = []
        self.key = KEY
        self.entitled = True  # does the tenant's plan include the feed?
        self.auth_as_internal = False  # is a key that is not taken an `internal` error?
        self.most_per_page = LARGEST_PAGE
        self.faults: list[Fault] = []  # each answers one request in the service's place
        self.asked: list[Record] = []

    def report(self, report_id: str, name: str, *, minutes: float = 0, **more: Any) -> None:
        """Make or change a report, `minutes` before or after `now`; None leaves a field out."""
        changed_at = self.now + timedelta(minutes=minutes)
        self.reports[report_id] = records.report(report_id, name, updated_at=changed_at, **more)

    def analysis(self, analysis_id: str, name: str, *, minutes: float = 0, **more: Any) -> None:
        """Make or change an analysis, `minutes` before or after `now`."""
        made_at = self.now + timedelta(minutes=minutes)
        self.analyses = [each for each in self.analyses if each["analysisId"] != analysis_id]
        self.analyses.append(records.analysis(analysis_id, name, created_at=made_at, **more))

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/{method:.+}", self._answer)]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one call, as Connect does it: `POST /<service>/<method>`, JSON there and back."""
        message = json.loads(await request.read())
        self.asked.append(message)
        if self.faults:
            return await self.faults.pop(0)(request)
        if refusal := self._refusal(request):
            return refusal
        match request.match_info["method"]:
            case method if method == REPORTS:
                return self.list_reports(message)
            case method if method == ANALYSES:
                return self._list_analyses(message)
        return error("unimplemented", "unknown method")

    def _refusal(self, request: web.Request) -> web.Response | None:
        if request.headers.get("authorization") != self.key or request.headers.get("x-tenant-id") != TENANT:
            if self.auth_as_internal:
                return error("internal", "api key auth failed: token is not active")
            return error("unauthenticated", "invalid API key")
        if not self.entitled:
            return error("permission_denied", "feature is not enabled")
        return None

    def list_reports(self, message: Record) -> web.Response:
        """Answer a page of the reports that changed strictly later than `since`."""
        filters = message.get("filters", {})
        if filters.keys() - FILTERS:
            return error("invalid_argument", "unknown filter")
        since = moment(filters["since"]) if "since" in filters else None
        found = [
            (each.get("updatedAt", ""), each.get("reportId", ""), each)
            for each in self.reports.values()
            if since is None or moment(each.get("updatedAt", "")) > since
        ]
        return page("packageReports", found, message["pagination"], most=self.most_per_page)

    def _list_analyses(self, message: Record) -> web.Response:
        start = moment(message["startFrom"]) if "startFrom" in message else self.now - LIST_BEGINS
        if start < self.now - LIST_REACHES:
            return error("invalid_argument", "startFrom is before cutoff date")
        found = [
            (each.get("createdAt", ""), each["analysisId"], each)
            for each in self.analyses
            if moment(each.get("createdAt", stamp(self.now))) > start
        ]
        return page("records", found, message["pagination"], most=self.most_per_page)


def failing(code: str, message: str = "", **headers: str) -> Fault:
    """Make a fault that answers an error of Connect."""

    async def fault(request: web.Request) -> web.StreamResponse:
        return error(code, message, **headers)

    return fault
