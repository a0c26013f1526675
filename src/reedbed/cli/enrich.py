"""`reedbed enrich …`: what others know about CVEs, and the scores that follow."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common

if TYPE_CHECKING:
    from reedbed.inventory.findings.enrich import Given, Imported
    from reedbed.inventory.findings.scoring import Rescored
    from reedbed.wiring.parts import Parts

FLAG = Parameter(negative="")


async def epss(
    origin: str,
    *,
    as_of: str | None = None,
    allow_smaller: Annotated[bool, FLAG] = False,
    ca_file: str = "",
    allow_plain_http: Annotated[bool, FLAG] = False,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Import EPSS scores (CSV, gzipped or not), and score findings anew.

    Parameters
    ----------
    origin
        A file, or an https:// address.
    as_of
        The day that the scores are of, where the file does not say it: 2026-11-21.
    allow_smaller
        Take a file with less than half of what there was.
    ca_file
        PEM file of a private certificate authority.
    allow_plain_http
        Allow http://, to this machine itself only.
    json
        Print one JSON value.
    """
    from reedbed.inventory.findings.enrich import import_epss
    from reedbed.jobs import now_utc
    from reedbed.wiring.parts import opened

    given = _given(origin, as_of, allow_smaller, ca_file, allow_plain_http)
    async with opened((common or Common()).load()) as parts:
        done = await import_epss(parts.db, given, now=now_utc)
        return await _finish(parts, done, as_json=json)


async def kev(
    origin: str,
    *,
    source: str = "cisa",
    as_of: str | None = None,
    allow_smaller: Annotated[bool, FLAG] = False,
    ca_file: str = "",
    allow_plain_http: Annotated[bool, FLAG] = False,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Import a list of known exploited vulnerabilities (KEV, JSON), and score findings anew.

    Parameters
    ----------
    origin
        A file, or an https:// address.
    source
        Whose list it is; lists of several sources stand side by side.
    as_of
        The day that the list is of, where it does not say it: 2026-11-21.
    allow_smaller
        Take a list with less than half of what there was.
    ca_file
        PEM file of a private certificate authority.
    allow_plain_http
        Allow http://, to this machine itself only.
    json
        Print one JSON value.
    """
    from reedbed.inventory.findings.enrich import import_kev
    from reedbed.jobs import now_utc
    from reedbed.wiring.parts import opened

    given = _given(origin, as_of, allow_smaller, ca_file, allow_plain_http)
    async with opened((common or Common()).load()) as parts:
        done = await import_kev(parts.db, given, source=source, now=now_utc)
        return await _finish(parts, done, as_json=json)


def _given(
    origin: str, as_of: str | None, allow_smaller: bool, ca_file: str, allow_plain_http: bool
) -> "Given":
    from reedbed.inventory.findings.enrich import Given

    return Given(
        origin=origin,
        as_of=as_of,
        allow_smaller=allow_smaller,
        ca_file=ca_file,
        allow_plain_http=allow_plain_http,
    )


async def _finish(parts: "Parts", done: "Imported", *, as_json: bool) -> int:
    from reedbed.inventory.findings.scoring import rescore

    rescored = await rescore(parts.db, parts.settings.score)
    if as_json:
        show.json({"imported": done, "rescored": rescored})
        return Exit.DONE
    entries = f"{done.count} {'entry' if done.count == 1 else 'entries'}"
    state = entries if done.changed else f"not changed since, {entries}"
    about = show.many(done.findings, "finding")
    show.line(f"{done.name} of {show.safe(done.as_of)}: {state}, about {about} of yours.")
    _tell(rescored)
    return Exit.DONE


def _tell(rescored: "Rescored") -> None:
    findings, assets = show.many(rescored.findings, "finding"), show.many(rescored.assets, "asset")
    show.line(f"Scores that are other now: {findings}, {assets}.")


async def score(*, json: AsJson = False, common: Common | None = None) -> int:
    """Score every finding and asset anew, after the weights were changed.

    Parameters
    ----------
    json
        Print one JSON value.
    """
    from reedbed.inventory.findings.scoring import rescore
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        rescored = await rescore(parts.db, parts.settings.score)
    if json:
        show.json(rescored)
    else:
        _tell(rescored)
    return Exit.DONE


async def status(*, json: AsJson = False, common: Common | None = None) -> int:
    """Show what was imported, of which day, and how the daemon's imports go.

    Parameters
    ----------
    json
        Print one JSON value.
    """
    from reedbed.inventory.findings import refreshing
    from reedbed.jobs import now_utc
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        known = await parts.db.read(refreshing.standing, parts.settings.enrich, now=now_utc())
    if json:
        show.json(known)
    elif known:
        rows = [
            (each.name, each.as_of, each.count, each.imported_at, each.asked_at, each.origin)
            for each in known
        ]
        show.table(["what", "as of", "entries", "imported", "daemon asked", "from"], rows)
        for each in known:
            if each.failed:
                show.line(f"{each.name}: the daemon's last import failed, and what there was stays.")
                show.line(f"  why: {show.safe(each.failed.why)}")
                show.line(f"  fix: {show.safe(each.failed.fix)}")
    else:
        show.err.print("Nothing was imported yet.")
    return Exit.DONE
