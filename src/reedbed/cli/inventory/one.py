"""`reedbed finding ID`, `reedbed image REF`: one thing with all that is known of it."""

from typing import TYPE_CHECKING

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common
from reedbed.errors import SettingsError
from reedbed.model.text import one_line

if TYPE_CHECKING:
    from reedbed.store.search.looks import OneFinding, OneImage


async def finding(finding: str, *, json: AsJson = False, common: Common | None = None) -> int:
    """Show a finding: where it occurs, what happened to it, and what maps made of it.

    Parameters
    ----------
    finding
        Its id, or the beginning of it that no other has.
    json
        Print one JSON value.
    """
    from reedbed.store.search import looks
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        found = await parts.db.read(looks.finding, finding)
    if found is None:
        raise SettingsError(
            f"Could not show the finding {finding}",
            why="there is none with that id, or there are several that begin so",
            fix="`reedbed findings` lists them, `--json` with their whole ids.",
        )
    if json:
        show.json(found)
    else:
        _draw_finding(found)
    return Exit.DONE


def _draw_finding(of: "OneFinding") -> None:
    one = of.finding
    show.line(f"[bold]{show.safe(one.title)}[/] {one.severity.word}, {one.status}, {one.triage}")
    show.line(f"  id: {show.safe(one.id)}, of {show.safe(one.issue)}")
    show.line(f"  where: {show.safe(f'{one.repository}/{one.path}')} on {show.safe(one.connection)}")
    show.line(f"  fix: {show.safe(one.fix_version or 'no version is known that mends it everywhere')}")
    if of.fixed_because:
        show.line(f"  over since {show.moment(one.fixed_at)}: {show.safe(of.fixed_because)}")
    if of.note:
        show.line(f"  note: {show.safe(of.note)}")
    show.line(f"  {show.safe(one_line(of.description, limit=500))}")
    show.line("")
    rows = [
        (o.name, o.version, ", ".join(o.fixed_versions), o.applicability, o.coverage, o.checked_at, o.gone_at)
        for o in of.occurrences
    ]
    columns = ["image", "version", "mended in", "applicability", "coverage", "last answer", "gone since"]
    show.table(columns, rows)
    show.line("")
    show.table(["at", "event", "run"], [(event.at, event.kind, event.run) for event in of.events])


async def image(ref: str, *, json: AsJson = False, common: Common | None = None) -> int:
    """Show an image: its tags now and before, how far it was looked at, and what is wrong with it.

    Parameters
    ----------
    ref
        repository/path:tag, repository/path@sha256:…, a digest, or its id.
    json
        Print one JSON value.
    """
    from reedbed.inventory.findings.silence import why_no_findings
    from reedbed.store.search import looks
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        found = await parts.db.read(looks.image, ref)
    if found is None:
        raise SettingsError(
            f"Could not show the image {ref}",
            why="no image has that digest or id, and no tag of that name leads to one now",
            fix="`reedbed images` lists them. A remote repository is named without -cache.",
        )
    why, fix = why_no_findings(
        found.image.coverage,
        is_index=found.is_index,
        repository_indexed=found.repository_indexed,
        stream=found.vulnerabilities_run,
    )
    if json:
        show.json({"image": found, "no_findings": None if found.findings else {"why": why, "fix": fix}})
        return Exit.DONE
    _draw_image(found)
    if not found.findings:
        show.line(f"No findings: {show.safe(why)}")
        if fix:
            show.line(f"  fix: {show.safe(fix)}")
    return Exit.DONE


def _draw_image(of: "OneImage") -> None:
    one = of.image
    platform = "/".join(filter(None, (one.os, one.architecture)))
    show.line(f"[bold]{show.safe(one.name)}[/] {show.safe(platform)}, {one.lifecycle}")
    show.line(f"  digest: {show.safe(one.manifest_digest)}")
    show.line(f"  id: {show.safe(one.id)} on {show.safe(one.connection)}")
    show.line(
        f"  coverage: {one.coverage or 'unknown'}"
        f" {show.safe(one.coverage_reason)}, last answer {show.moment(one.checked_at) or 'never'}"
    )
    show.line("")
    rows = [
        (f"{p.repository}/{p.path}", p.tag or "(by digest)", p.uploaded_at, p.first_seen_at, p.gone_at)
        for p in of.placements
    ]
    show.table(["place", "tag", "uploaded", "first seen", "gone since"], rows)
    show.line("")
    if of.findings:
        cells = [
            (f.severity.word, f.vulnerability, f.component, f.fix_version, f.status) for f in of.findings
        ]
        show.table(["severity", "vulnerability", "component", "fix", "status"], cells)
    for child in of.children:
        show.line(f"  image of this index: {show.safe(child)}")
