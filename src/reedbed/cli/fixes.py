"""`reedbed fixes`: which upgrades remove most."""

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reedbed.inventory.findings.fixing import Fix, FixGroup

FLAG = Parameter(negative="")
EVERY = 1_000_000


async def fixes(
    query: str = "",
    *,
    group_by: Literal["component", "ecosystem"] | None = None,
    limit: int = 20,
    csv: Annotated[bool, FLAG] = False,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Rank the upgrades that remove findings, those first that remove most.

    Parameters
    ----------
    query
        Of which findings; without one all that are open and in scope.
    group_by
        Add up the upgrades of this; a finding that several of them remove counts for each.
    limit
        Upgrades, or groups, to show.
    csv
        Print CSV that no spreadsheet takes for formulas.
    json
        Print one JSON value.
    """
    from reedbed.inventory.exports.asked import findings_asked
    from reedbed.inventory.findings.fixing import Fix, grouped
    from reedbed.inventory.findings.fixing import fixes as ranked
    from reedbed.jobs import now_utc
    from reedbed.store.inventory.exports import standing
    from reedbed.store.inventory.fixes import base_share
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        where = await findings_asked(parts.db, query, now=now_utc(), otherwise=standing)
        found = await ranked(parts.db, where=where, limit=EVERY if group_by else limit)
        base, known = await parts.db.read(base_share, where)
    if group_by:
        return _show_groups(grouped(found, by=group_by)[:limit], group_by, csv=csv, json=json)
    if json:
        show.json({"fixes": found, "from_base": base, "layer_known": known})
        return Exit.DONE
    if csv:
        names = Fix.__struct_fields__
        show.csv(names, [[getattr(each, name) for name in names] for each in found])
        return Exit.DONE
    _draw(found)
    if base:
        share = f"{base / known:.0%}"
        show.err.print(f"{share} of what lies in a known layer came with a known base image.")
    if any(not each.order_known for each in found):
        show.err.print("* The order of these versions is not known here: only this very version is counted.")
    return Exit.DONE


def _show_groups(found: "Sequence[FixGroup]", by: str, *, csv: bool, json: bool) -> int:
    if json:
        show.json(found)
        return Exit.DONE
    rows = [(each.key, each.upgrades, each.findings, each.critical, each.high) for each in found]
    (show.csv if csv else show.table)([by, "upgrades", "findings", "critical", "high"], rows)
    return Exit.DONE


def _draw(found: "Sequence[Fix]") -> None:
    rows = [
        (
            each.name,
            each.to + ("" if each.order_known else " *"),
            each.findings,
            each.images,
            each.critical,
            each.high,
            each.from_base or "",
            f"{each.score:.0f}",
            ", ".join(each.installed[:3]) + (" …" if len(each.installed) > 3 else ""),
        )
        for each in found
    ]
    if not rows:
        show.err.print("Nothing that is known to be wrong has a version that mends it.")
        return
    columns = ["upgrade", "to", "findings", "images", "critical", "high", "from base", "worst", "installed"]
    show.table(columns, rows)
