"""`reedbed assets|images|repositories|components|findings|coverage`: what a query asks for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.bars import bar
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common
from reedbed.model.query.tokens import View
from reedbed.model.text import one_line

if TYPE_CHECKING:
    from reedbed.store.search.expressions import Condition
    from reedbed.store.search.groups import Group
    from reedbed.store.search.pages import Found, Item, Page

FLAG = Parameter(negative="")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Listing:
    """How rows are chosen and shown."""

    group_by: str | None = None
    """Count by this instead: severity, repository, cve, component, coverage, …"""

    sort: str | None = None
    """In this order, as `firstFoundDate:asc`."""

    limit: int = 50
    """Rows to show, at most 1000."""

    after: str | None = None
    """Go on behind a page; its end says how."""

    csv: Annotated[bool, FLAG] = False
    """Print CSV that no spreadsheet takes for formulas."""


async def findings(
    query: str = "", *, listing: Listing | None = None, json: AsJson = False, common: Common | None = None
) -> int:
    """List findings.

    Parameters
    ----------
    query
        Which; without one those that are open and in scope.
    json
        Print one JSON value.
    """
    from reedbed.store.inventory.exports import standing

    among = None if query.strip() else standing
    return await _list(View.FINDINGS, query, among, listing, common, json=json)


async def assets(
    query: str = "", *, listing: Listing | None = None, json: AsJson = False, common: Common | None = None
) -> int:
    """List images and repositories.

    Parameters
    ----------
    query
        Which; without one those that are there.
    json
        Print one JSON value.
    """
    from reedbed.store.inventory.exports import present

    among = None if query.strip() else present
    return await _list(View.ASSETS, query, among, listing, common, json=json)


async def images(
    query: str = "", *, listing: Listing | None = None, json: AsJson = False, common: Common | None = None
) -> int:
    """List images.

    Parameters
    ----------
    query
        Which; without one those that are there.
    json
        Print one JSON value.
    """
    return await _list(View.ASSETS, query, _of_class("container-image", query), listing, common, json=json)


async def repositories(
    query: str = "", *, listing: Listing | None = None, json: AsJson = False, common: Common | None = None
) -> int:
    """List repositories.

    Parameters
    ----------
    query
        Which; without one those that are there.
    json
        Print one JSON value.
    """
    return await _list(View.ASSETS, query, _of_class("binary-repository", query), listing, common, json=json)


async def components(
    query: str = "", *, listing: Listing | None = None, json: AsJson = False, common: Common | None = None
) -> int:
    """List the components that something is known to be wrong with, those with most findings first.

    Parameters
    ----------
    query
        Of which findings; without one those that are open and in scope.
    json
        Print one JSON value.
    """
    return await findings(query, listing=_by("component", listing), json=json, common=common)


async def coverage(
    query: str = "", *, listing: Listing | None = None, json: AsJson = False, common: Common | None = None
) -> int:
    """Count images by how far Xray's look at them came. Only `scanned` proves anything by its silence.

    Parameters
    ----------
    query
        Of which assets; without one those that are there.
    json
        Print one JSON value.
    """
    return await images(query, listing=_by("coverage", listing), json=json, common=common)


def _by(thing: str, listing: Listing | None) -> Listing:
    """Count by one thing, unless another is asked for."""
    how = listing or Listing()
    return replace(how, group_by=how.group_by or thing)


def _of_class(name: str, query: str) -> "Condition":
    from reedbed.store.inventory.assets import ASSETS
    from reedbed.store.inventory.exports import present

    of_class = ASSETS.c.asset_class == name
    return of_class if query.strip() else of_class & present


async def _list(
    view: View,
    query: str,
    among: "Condition | None",
    listing: Listing | None,
    common: Common | None,
    *,
    json: bool,
) -> int:
    from reedbed.jobs import now_utc
    from reedbed.model.query.read import read
    from reedbed.store.search import groups, pages
    from reedbed.store.search.sorting import read_sort
    from reedbed.wiring.parts import opened

    how = listing or Listing()
    node = read(query, now=now_utc())
    async with opened((common or Common()).load()) as parts:
        if how.group_by is not None:
            counted = await parts.db.read(
                groups.groups, node, view, how.group_by, among=among, limit=how.limit
            )
            return _show_groups(how, counted, view, json=json)
        sort, page = read_sort(view, how.sort), pages.findings if view is View.FINDINGS else pages.assets
        found: Page[Any] = await parts.db.read(
            page, node, among=among, sort=sort, after=how.after, limit=how.limit
        )
    return _show_page(how, found, view, json=json)


def _show_groups(how: Listing, counted: "list[Group]", view: View, *, json: bool) -> int:
    if json:
        show.json(counted)
        return Exit.DONE
    columns = [how.group_by or "", "number", "critical", "high"]
    rows = [
        (each.key if each.key is not None else "(none)", each.number, each.critical, each.high)
        for each in counted
    ]
    if how.csv:
        show.csv(columns, rows)
    else:
        most = max((each.number for each in counted), default=0)
        bars = [bar(_parts(each, view), most) for each in counted]
        show.table([*columns, ""], [(*row, drawn) for row, drawn in zip(rows, bars, strict=True)])
    return Exit.DONE


def _parts(group: "Group", view: View) -> list[tuple[int, str]]:
    """What a bar is made of: of findings by how bad they are; of assets there are not as many as findings."""
    if view is View.ASSETS:
        return [(group.number, "cyan")]
    rest = group.number - group.critical - group.high
    return [(group.critical, "red"), (group.high, "yellow"), (rest, "cyan")]


def _show_page(how: Listing, page: "Page[Any]", view: View, *, json: bool) -> int:
    from reedbed.store.search.pages import Found, Item

    if json:
        show.json(page)
        return Exit.DONE
    if how.csv:
        names = (Found if view is View.FINDINGS else Item).__struct_fields__
        show.csv(names, [[getattr(row, name) for name in names] for row in page.rows])
    elif page.rows:
        columns, cells = (_FINDING, _finding) if view is View.FINDINGS else _shape(page.rows)
        show.table(columns, [cells(row) for row in page.rows])
    else:
        show.err.print("Nothing is so. `reedbed sync status` says what was read, and why not more.")
    if page.next is not None:
        show.err.print(f"There is more: --after {page.next}", soft_wrap=True)
    return Exit.DONE


_FINDING = ["finding", "severity", "vulnerability", "component", "fix", "where", "images", "status", "notes"]
_ASSET = ["name", "class", "critical", "high", "coverage", "lifecycle", "last seen"]
_REPOSITORY = ["name", "type", "packages", "in Xray", "critical", "high", "lifecycle", "last seen"]


def _shape(rows: "Sequence[Item]") -> "tuple[list[str], Callable[[Item], Sequence[object]]]":
    repositories = all(row.asset_class == "binary-repository" for row in rows)
    return (_REPOSITORY, _repository) if repositories else (_ASSET, _asset)


def _repository(row: "Item") -> Sequence[object]:
    """Show a repository; its findings are those of what lies in it."""
    indexed = {True: "yes", False: "no", None: "not known"}[row.xray_indexed]
    counts = (row.critical, row.high, row.lifecycle, row.last_seen_at)
    return (row.name, row.repository_type, row.package_type, indexed, *counts)


def _finding(row: "Found") -> Sequence[object]:
    notes = [
        row.applicability.value if row.applicability else "",
        "exploited" if row.known_exploited else "",
        f"EPSS {row.epss:.2f}" if row.epss is not None else "",
        "" if row.triage == "open" else row.triage.value,
    ]
    component = one_line(row.component.removeprefix("pkg:"), limit=60)
    where = f"{row.repository}/{row.path}"
    told = ", ".join(filter(None, notes))
    return (
        row.id[:17],
        row.severity.word,
        row.vulnerability,
        component,
        row.fix_version,
        where,
        row.images,
        row.status,
        told,
    )


def _asset(row: "Item") -> Sequence[object]:
    return (
        row.name,
        row.asset_class,
        row.critical,
        row.high,
        row.coverage or "",
        row.lifecycle,
        row.last_seen_at,
    )
