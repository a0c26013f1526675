"""A small SafeDep data plane on this machine: the Threat Intel feed and the older list, as documented.

Written from docs.safedep.io (threat-intel, reference/api-introduction) and github.com/safedep/cli
(poller.go, source_feed.go), not from our reader.
"""

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Record = dict[str, Any]
Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KEY, TENANT = "sfd_0123456789canary", "acme.safedep.example"
REPORTS = "safedep.services.threatintel.v1.ThreatIntelService/ListPackageReports"
ANALYSES = "safedep.services.malysis.v1.MalwareAnalysisService/ListPackageAnalysisRecords"
STATUS = {
    "unauthenticated": 401,
    "permission_denied": 403,
    "invalid_argument": 400,
    "resource_exhausted": 429,
    "unimplemented": 501,
    "internal": 500,
}


class SafeDepServer:
    """Reports and analyses, which a test changes; `asked` lists the messages of all requests."""

    def __init__(self) -> None:
        self.url = ""
        self.now = NOW
        self.reports: dict[str, Record] = {}
        self.analyses: list[Record] = []
        self.key = KEY
        self.entitled = True
        self.auth_as_internal = False
        self.most_per_page = 100
        self.faults: list[Fault] = []
        self.asked: list[Record] = []

    def report(self, report_id: str, name: str, *, minutes: float = 0, **more: Any) -> None:
        """Make or change a report, `minutes` before or after `now`; None leaves a field out."""
        made = {
            "reportId": report_id,
            "verdict": "THREAT_VERDICT_MALICIOUS",
            "confidence": "THREAT_CONFIDENCE_HUMAN_VERIFIED",
            "title": f"{name} steals tokens",
            "ecosystem": "ECOSYSTEM_NPM",
            "publishedAt": stamp(self.now - timedelta(days=30)),
            "updatedAt": stamp(self.now + timedelta(minutes=minutes)),
            "package": {"purl": f"pkg:npm/{name}", "name": name, "versions": ["1.0.0"]},
            **more,
        }
        self.reports[report_id] = {field: value for field, value in made.items() if value is not None}

    def analysis(self, analysis_id: str, name: str, *, minutes: float = 0, **more: Any) -> None:
        """Add an analysis; `isMalware` and `isVerified` are left out unless they are given."""
        made = {
            "analysisId": analysis_id,
            "target": {
                "packageVersion": {
                    "package": {"ecosystem": "ECOSYSTEM_NPM", "name": name},
                    "version": more.pop("version", "1.0.0"),
                }
            },
            "createdAt": stamp(self.now + timedelta(minutes=minutes)),
            **more,
        }
        self.analyses = [each for each in self.analyses if each["analysisId"] != analysis_id]
        self.analyses.append({field: value for field, value in made.items() if value is not None})

    async def answer(self, request: web.Request) -> web.StreamResponse:
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
        filters = message.get("filters", {})
        if filters.keys() - {"since", "ecosystem", "verdict", "withdrawn"}:
            return error("invalid_argument", "unknown filter")
        since = moment(filters["since"]) if "since" in filters else None
        found = [
            (each.get("updatedAt", ""), each.get("reportId", ""), each)
            for each in self.reports.values()
            if since is None or moment(each.get("updatedAt", "")) > since
        ]
        return self._page("packageReports", found, message["pagination"])

    def _list_analyses(self, message: Record) -> web.Response:
        start = moment(message["startFrom"]) if "startFrom" in message else self.now - timedelta(hours=1)
        if start < self.now - timedelta(days=7):
            return error("invalid_argument", "startFrom is before cutoff date")
        found = [
            (each.get("createdAt", ""), each["analysisId"], each)
            for each in self.analyses
            if moment(each.get("createdAt", stamp(self.now))) > start
        ]
        return self._page("records", found, message["pagination"])

    def _page(
        self, field: str, found: list[tuple[str, str, Record]], pagination: dict[str, Any]
    ) -> web.Response:
        """Answer the records behind the token, which is the place of the last one given."""
        size = pagination.get("pageSize", 10)
        if size > 100 or pagination.get("sortOrder") != "SORT_ORDER_ASCENDING":
            return error("invalid_argument", "pagination")
        token = pagination.get("pageToken", "")
        after = tuple(json.loads(base64.b64decode(token))) if token else ("", "")
        behind = sorted((each for each in found if each[:2] > after), key=lambda each: each[:2])
        given = behind[: min(size, self.most_per_page)]
        body: Record = {field: [each[2] for each in given]} if given else {}
        if len(given) < len(behind):
            place = base64.b64encode(json.dumps(given[-1][:2]).encode()).decode()
            body["pagination"] = {"nextPageToken": place}
        return web.json_response(body)


@asynccontextmanager
async def safedep_server() -> AsyncIterator[SafeDepServer]:
    safedep = SafeDepServer()
    app = web.Application()
    app.router.add_post("/{method:.+}", safedep.answer)
    async with TestServer(app, host="127.0.0.1") as server:
        safedep.url = f"http://127.0.0.1:{server.port}"
        yield safedep


def error(code: str, message: str, **headers: str) -> web.Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return web.json_response({"code": code, "message": message}, status=STATUS[code], headers=named)


def failing(code: str, message: str = "", **headers: str) -> Fault:
    async def fault(request: web.Request) -> web.StreamResponse:
        return error(code, message, **headers)

    return fault


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text) if text else datetime.max.replace(tzinfo=UTC)
