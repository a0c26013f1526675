"""Xray's violations: issues that broke the policies of a watch, by pages that count from 1.

A search without filters may never end, so each names the watch, or at least a time from which on. What is
ignored is not among what is found. Source: ViolationsV1Api of JFrog's merged OpenAPI; that `offset` is a page
number: jfrog/fluent-plugin-jfrog-siem, xray.rb; that unscoped searches hang: jfrog/jfrog-skills.
"""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import msgspec

from reedbed.errors import Unreadable
from reedbed.jfrog.exchange import JSON, Call, json_body
from reedbed.jfrog.session import JFrog
from reedbed.jfrog.wire import Watch

ROWS = 500
PAGES = 2_000
"""More than these are not read of one watch: a list that repeats itself would never end."""

LARGEST = 128 * 1024 * 1024
EVER = datetime(2010, 1, 1, tzinfo=UTC)
"""Before there was an Xray."""


class Matched(msgspec.Struct, frozen=True):
    policy: str = ""


class _Cve(msgspec.Struct, frozen=True):
    cve: str | None = None


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """A row; every field is missing in some answer."""

    violation_id: str = ""
    watch_name: str = ""
    issue_id: str = ""
    type: str = ""  # Security, License, Operational_Risk
    severity: str = ""
    summary: str | None = None
    description: str | None = None
    created: str | None = None
    infected_components: tuple[str, ...] | None = None  # "npm://lodash:4.17.19"
    impacted_artifacts: tuple[str, ...] | None = None  # "default/docker-local/team/app/1.0/"
    matched_policies: tuple[Matched, ...] | None = None
    properties: tuple[_Cve, ...] | None = None

    @property
    def whole(self) -> bool:
        """Whether it says what it is known by, and where it is."""
        return bool(self.watch_name and self.issue_id) and self.impacted_artifacts is not None

    @property
    def cves(self) -> tuple[str, ...]:
        named = {(each.cve or "").strip().upper() for each in self.properties or ()}
        return tuple(sorted(named - {""}))


class _Page(msgspec.Struct, frozen=True):
    violations: tuple[Violation, ...] | None = None
    total_violations: int | None = None


async def watches(jfrog: JFrog) -> list[str]:
    """Name the watches.

    Raises:
        Refused: the token's user may not see them.
        Unreachable, Unreadable: as any call; or one has no name.
    """
    call = Call(
        method="GET",
        route="/xray/api/v2/watches",
        doing="list the watches",
        needs="the Xray permission “Manage Watches”",
    )
    names = sorted(watch.name for watch in await jfrog.fetch(call, tuple[Watch, ...]))
    if "" in names:
        raise Unreadable(
            "Could not list the watches",
            why="one of them has no name",
            fix="Nothing: the next run reads again.",
        )
    return names


async def violations(
    jfrog: JFrog, *, watch: str | None, since: datetime
) -> AsyncGenerator[tuple[Violation, ...], None]:
    """List the violations of a watch (None: of all) that Xray saw first after a time, oldest first.

    Raises:
        Unreachable, Refused: as any call.
        Unreadable: there were fewer than Xray said, nothing was said, or the list does not end; what was
            given is true.
    """
    seen = 0
    for number in range(1, PAGES + 1):
        page = await jfrog.fetch(_search(watch, since, number), _Page)
        if page.violations is None and page.total_violations is None:
            raise _wrong(watch, "Xray's answer has neither rows nor a count")
        rows = page.violations or ()
        seen += len(rows)
        if rows:
            yield rows
        if page.total_violations is not None and seen >= page.total_violations:
            return
        if not rows:
            if page.total_violations is None:
                return
            raise _wrong(watch, f"Xray counts {page.total_violations} of them and gave {seen}")
    raise _wrong(watch, f"there are more than {PAGES} pages of them")


def _search(watch: str | None, since: datetime, number: int) -> Call:
    filters: dict[str, str | bool] = {
        "created_from": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "include_details": True,
    }
    if watch is not None:
        filters["watch_name"] = watch
    order = {"order_by": "created", "direction": "asc", "limit": ROWS, "offset": number}
    return Call(
        method="POST",
        route="/xray/api/v1/violations",
        doing=_doing(watch),
        needs="the Xray permission “Read”",
        send=json_body({"filters": filters, "pagination": order}),
        headers=JSON,
        max_bytes=LARGEST,
    )


def _doing(watch: str | None) -> str:
    return f"list the violations of the watch {watch}" if watch else "list the violations"


def _wrong(watch: str | None, why: str) -> Unreadable:
    return Unreadable(
        f"Could not {_doing(watch)}",
        why=why,
        fix="Nothing: what was read is kept, and the next run reads again.",
    )
