"""`reedbed intel explain|status|list|show|skipped`: looking without touching."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common
from reedbed.errors import SettingsError

if TYPE_CHECKING:
    from reedbed.model.purl import Purl

FLAG = Parameter(negative="")


def explain(*file: Path, json: AsJson = False, common: Common | None = None) -> int:
    """Show what feed records would become in Xray, and why: one line or one JSON object a record.

    Parameters
    ----------
    file
        OSV records (JSON), or folders of them.
    json
        Print one JSON object a record, a line each.
    """
    from reedbed.feeds.osv_record import Taking, read_record
    from reedbed.intel.explain import Decision
    from reedbed.intel.explain import explain as explained
    from reedbed.wiring.parts import terms

    settings = (common or Common()).load()
    taking = Taking(feed="file", id_prefixes=("",))
    refused = False
    for path in _files(file):
        for statement in read_record(path.read_bytes(), file=path.name, taking=taking):
            result = explained(statement, terms(settings))
            refused |= result.decision is Decision.REFUSE
            if json:
                show.json(result)
                continue
            versions = " ".join(result.vulnerable_versions)
            what = f"{result.package or ''} {versions}".strip()
            show.line(f"{show.safe(result.id)}: [bold]{result.decision}[/] {show.safe(what)}")
            show.line(f"  {show.safe(result.reason)}")
            for note in result.notes:
                show.line(f"  note: {show.safe(note)}")
    return Exit.FAILED if refused else Exit.DONE


async def status(*, json: AsJson = False, common: Common | None = None) -> int:
    """Show feeds, platforms, what waits and what failed.

    Parameters
    ----------
    json
        Print one JSON value.
    """
    from reedbed.intel.status import status as gathered
    from reedbed.jobs import now_utc
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        feeds = [each.name for each in parts.settings.feeds]
        found = await parts.db.read(gathered, feeds=feeds, now=now_utc())
    if json:
        show.json(found)
        return Exit.DONE
    show.table(
        ["feed", "packages", "withdrawn", "not usable", "read up to", "last read"],
        [(f.name, f.live, f.withdrawn, f.unusable, f.watermark, f.last_success) for f in found.feeds],
    )
    show.line("")
    show.table(
        [
            "platform",
            "in Xray",
            "queued",
            "failing",
            "held",
            "oldest waits since",
            "token expires",
            "last run",
        ],
        [
            (p.name, p.issues, p.queued, p.failing, p.held, p.oldest_queued_at, p.token, p.last_success)
            for p in found.platforms
        ],
    )
    for p in found.platforms:
        if p.left_out and p.left_out.packages:
            show.line(
                f"{p.name}: flagged and not pushed, being neither recent nor in Artifactory: "
                f"{show.takes(p.left_out)} to push; see reedbed intel backfill"
            )
    if found.logins:
        show.line("")
        rows = [(login.profile, login.tenant, login.key) for login in found.logins]
        show.table(["login at SafeDep", "tenant", "key expires"], rows)
    for change in found.failing:
        show.line(
            f"[yellow]{show.safe(change.package)}[/] on {change.platform} failed {change.attempts} times; "
            f"again at {show.safe(change.next_attempt_at)}: {show.safe(change.reason)}"
        )
    for failure in found.failures:
        show.line(
            f"[red]{show.safe(failure.job)}[/] failed at {show.moment(failure.at)}: {show.safe(failure.why)}"
        )
        show.line(f"  fix: {show.safe(failure.fix)}")
    return Exit.DONE


async def list_runs(*, limit: int = 20, json: AsJson = False, common: Common | None = None) -> int:
    """List the last runs, how each ended and what it did.

    Parameters
    ----------
    limit
        Runs to list.
    json
        Print one JSON value.
    """
    from reedbed.jobs import job_name
    from reedbed.store import runs
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        found = await parts.db.read(runs.recent, limit=limit)
    if json:
        show.json(found)
        return Exit.DONE
    rows = [
        (
            run.id,
            job_name(run.flow, run.feed, run.platform),
            run.state,
            run.started_at,
            ", ".join(f"{number} {word}" for word, number in run.counts.items() if number),
            run.error.why if run.error else "",
        )
        for run in found
    ]
    show.table(["run", "job", "state", "began", "did", "failed because"], rows)
    return Exit.DONE


async def list_all(
    *,
    feed: str | None = None,
    named: str | None = None,
    withdrawn: Annotated[bool, FLAG] = False,
    limit: int = 100,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """List what the feeds say, by package.

    Parameters
    ----------
    feed
        Only what this feed says.
    named
        Only packages with this in their name.
    withdrawn
        List what was taken back instead.
    limit
        Statements to list.
    json
        Print one JSON value.
    """
    from reedbed.store import advisories
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        found = await parts.db.read(advisories.page, feed=feed, named=named, live=not withdrawn, limit=limit)
    if json:
        show.json(found)
        return Exit.DONE
    rows = [
        (s.advisory.package, s.advisory.versions, s.advisory.feed, s.advisory.id, s.advisory.summary)
        for s in found
    ]
    show.table(["package", "versions", "feed", "record", "summary"], rows)
    return Exit.DONE


async def show_one(package: str, *, json: AsJson = False, common: Common | None = None) -> int:
    """Show all that is known of one package: who says what, what was pushed where, what waits.

    Parameters
    ----------
    package
        The package: npm:axios, or a purl.
    json
        Print one JSON value.
    """
    from reedbed.intel.status import known_of
    from reedbed.wiring.parts import opened

    asked = purl_of(package)
    async with opened((common or Common()).load()) as parts:
        known = await parts.db.read(known_of, str(asked))
    if json:
        show.json(known)
    elif known.statements:
        show.line(f"[bold]{show.safe(asked)}[/]")
        show.table(
            ["feed", "record", "says", "versions", "since", "more"],
            [
                (
                    s.advisory.feed,
                    s.advisory.id,
                    "withdrawn" if s.withdrawn else s.advisory.verdict,
                    s.advisory.versions,
                    s.advisory.modified,
                    s.advisory.url,
                )
                for s in known.statements
            ],
        )
        for platform, pushed in known.pushed.items():
            since, seen = show.moment(pushed.pushed_at), show.moment(pushed.verified_at)
            show.line(f"{platform}: issue {pushed.issue_id} since {since}, last seen {seen}")
        for platform, waiting in known.waiting.items():
            held = ", ".join(waiting.change.held)
            show.line(
                f"{platform}: {waiting.change.action} "
                + (
                    f"waits for a person: {held}"
                    if held
                    else f"is queued; {show.safe(waiting.reason or 'not tried yet')}"
                )
            )
    else:
        show.err.print(f"Nobody says anything about {show.safe(asked)}.")
    return Exit.DONE if known.statements else Exit.FAILED


async def skipped(
    *, feed: str | None = None, limit: int = 100, json: AsJson = False, common: Common | None = None
) -> int:
    """List what is not pushed, and why: records that can't be used, and packages that Xray can't enforce.

    Parameters
    ----------
    feed
        Only of this feed.
    limit
        Lines of each kind.
    json
        Print one JSON value.
    """
    from reedbed.intel.status import skipped as gathered
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        found = await parts.db.read(gathered, parts.terms, feed=feed, limit=limit)
    if json:
        show.json(found)
    else:
        show.table(
            ["feed", "record", "package", "not pushed because"],
            [(s.feed, s.id, s.package, s.reason) for s in found],
        )
    return Exit.DONE


def purl_of(text: str) -> "Purl":
    """Read a package that somebody typed.

    Raises:
        SettingsError: it is none.
    """
    from reedbed.model.purl import parse_purl

    try:
        return parse_purl(text)[0]
    except ValueError as error:
        raise SettingsError(f"{text!r} is no package", why=str(error), fix="Write npm:axios.") from error


def _files(given: tuple[Path, ...]) -> list[Path]:
    if not given:
        raise SettingsError(
            "There is nothing to explain", why="no file is named.", fix="Name OSV records: explain FILE…"
        )
    files = [each for path in given for each in (sorted(path.glob("*.json")) if path.is_dir() else [path])]
    for path in files:
        if not path.is_file():
            raise SettingsError(
                f"Could not read {path}", why="there is no such file.", fix="Name one that is."
            )
    return files
