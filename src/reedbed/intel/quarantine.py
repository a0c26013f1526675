"""Quarantine: marking a finding's file, or moving it out of reach, so that it can be undone exactly.

The property alone stops nobody: it is for people, searches and other tools. Moving to a repository that
nobody reads from does; JFrog has no other documented way that deletes nothing. Nothing can be moved back into
the cache of a remote, so there it is the property, and the custom issue that blocks.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from reedbed.errors import Refused, SettingsError
from reedbed.jfrog import properties
from reedbed.jfrog.artifactory import Artifactory
from reedbed.jfrog.properties import Place
from reedbed.jfrog.session import JFrog
from reedbed.model.text import one_line
from reedbed.store import audit, findings
from reedbed.store.database import Database
from reedbed.store.findings import STANDING, Finding, Status

PROPERTY = "reedbed.quarantine"
FROM = "reedbed.quarantine.from"
LONGEST_REASON = 500
STAYS = frozenset({"LOCAL", "FEDERATED"})
"""Kinds of repositories into which a file can be put back."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What is done about one finding."""

    finding: Finding
    reason: str | None  # None: the quarantine ends
    moves_to: Place | None = None
    """Where the file goes: None leaves it where it is. When a quarantine ends, where it lies now."""

    @property
    def file(self) -> Place:
        return Place(self.finding.repository, self.finding.path)

    def __str__(self) -> str:
        if self.reason is None:
            back = f"move {self.moves_to} back to {self.file}, and " if self.moves_to else ""
            return f"{back}take the property {PROPERTY} off {self.file}"
        away = f", and move it to {self.moves_to}" if self.moves_to else ""
        return f"set {PROPERTY}={self.reason} on {self.file}{away}"


async def planned(
    jfrog: JFrog, db: Database, ids: Sequence[str], *, reason: str, into: str | None
) -> list[Step]:
    """Say what a quarantine of findings would do; changes nothing. What is done already takes no step.

    Raises:
        SettingsError: the reason is empty, a finding is none of this platform, it is closed or in another
            quarantine already, or its file can't be moved there and back.
    """
    words = one_line(reason, limit=LONGEST_REASON)
    if not words:
        raise _unfit("no reason is given.", "Say --reason in a few words.")
    chosen = await _chosen(db, jfrog.platform.name, ids)
    kinds = {repo.key: repo.type.upper() for repo in await Artifactory(jfrog).repositories()} if into else {}
    steps = [Step(finding=each, reason=words, moves_to=_aside(each, into, kinds)) for each in chosen]
    return [step for step in steps if _remains(step)]


def _remains(step: Step) -> bool:
    """Say whether there is something left to do, and refuse to do it in place of something else."""
    finding, aside = step.finding, str(step.moves_to) if step.moves_to else None
    if finding.moved_to not in {None, aside}:
        why = f"{finding.id} was to be moved to {finding.moved_to}, and may lie there."
        raise _unfit(why, "Name the same --into again, or end it with --undo.")
    if finding.status is Status.OPEN:
        return True
    if finding.reason != step.reason:
        why = f"the finding {finding.id} is in quarantine already: {finding.reason}"
        raise _unfit(why, "Leave it away, or end that with --undo.")
    return finding.moved_to != aside


def _aside(finding: Finding, into: str | None, kinds: dict[str, str]) -> Place | None:
    """Say where a file goes: below its own repository's name, so that no two can meet."""
    if into is None:
        return None
    if kinds.get(into) not in STAYS:
        raise _unfit(f"{into} is no local repository that the token's user sees.", "Name one with --into.")
    if finding.seen_in != "artifactory" or kinds.get(finding.repository) not in STAYS:
        why = f"{finding.id} is no package file of a local repository, and could not be moved back there."
        raise _unfit(why, "Leave --into away for it: its download is what the custom issue blocks.")
    return Place(into, f"{finding.repository}/{finding.path}")


async def undoing(db: Database, platform: str, ids: Sequence[str]) -> list[Step]:
    """Say what the end of quarantines would do; changes nothing. What is in none takes no step.

    Raises:
        SettingsError: a finding is none of this platform, or it is closed.
    """
    chosen = await _chosen(db, platform, ids)
    return [
        Step(finding=each, reason=None, moves_to=_place(each.moved_to))
        for each in chosen
        if each.reason is not None
    ]


def _place(text: str | None) -> Place | None:
    repository, _, path = (text or "").partition("/")
    return Place(repository, path) if text else None


async def _chosen(db: Database, platform: str, ids: Sequence[str]) -> list[Finding]:
    known = {each.id: each for each in await db.read(findings.by_ids, sorted(set(ids)))}
    for each in ids:
        found = known.get(each)
        if found is None or found.platform != platform:
            raise _unfit(f"{platform} has no finding {each}.", "List them: reedbed intel findings.")
        if found.status not in STANDING:
            raise _unfit(f"the finding {each} is {found.status}.", "Leave it away.")
        if not found.repository:
            raise _unfit(f"{each} lies in no repository: {found.path}.", "Rebuild it without the release.")
    return [known[each] for each in dict.fromkeys(ids)]


def _unfit(why: str, fix: str) -> SettingsError:
    return SettingsError("Nothing was changed", why=why, fix=fix)


async def carry_out(jfrog: JFrog, db: Database, step: Step, *, who: str, now: datetime) -> None:
    """Take a step, and prove it by reading back.

    What is begun is written down before: until it is proved the finding is open, with a reason and the place
    that its file goes to or comes from. The same step again finishes it, and the end of the quarantine undoes
    it, wherever the file lies then.

    Raises:
        Refused: the token's user may not, or Artifactory did not do what it said.
        Unreachable, Unreadable: as any call.
    """
    finding, aside = step.finding, str(step.moves_to) if step.moves_to else None
    begun = step.reason or finding.reason
    await db.write(findings.mark, finding.id, Status.OPEN, reason=begun, moved_to=aside)
    if step.reason is None:
        await _end(jfrog, step)
    else:
        await _begin(jfrog, db, step, who=who, now=now)
    await db.write(_note, step, who=who, now=now)


async def _begin(jfrog: JFrog, db: Database, step: Step, *, who: str, now: datetime) -> None:
    lies_at = await _lies_at(jfrog, step)
    await properties.put(jfrog, lies_at, {PROPERTY: step.reason or "", FROM: str(step.file)})
    if step.moves_to is None or lies_at == step.moves_to:
        return
    try:
        await properties.move(jfrog, step.file, step.moves_to)
    except Refused:
        if await properties.checksum(jfrog, step.file) is not None:  # marked, and still where it was
            await _note_marked(db, step, who=who, now=now)
        raise


async def _note_marked(db: Database, step: Step, *, who: str, now: datetime) -> None:
    """Note a quarantine whose file stays where it is; once, however often the move is refused."""
    if step.finding.status is Status.OPEN:
        await db.write(_note, msgspec.structs.replace(step, moves_to=None), who=who, now=now)
    else:
        status = Status.QUARANTINED
        await db.write(findings.mark, step.finding.id, status, reason=step.reason, moved_to=None)


async def _lies_at(jfrog: JFrog, step: Step) -> Place:
    """Say where a file is: aside, if a step that was broken off has moved it there."""
    if step.moves_to is None or step.finding.moved_to is None:
        return step.file
    away = await properties.checksum(jfrog, step.file) is None
    return (
        step.moves_to if away and await properties.checksum(jfrog, step.moves_to) is not None else step.file
    )


async def _end(jfrog: JFrog, step: Step) -> None:
    if step.moves_to and await properties.checksum(jfrog, step.moves_to) is not None:
        await properties.move(jfrog, step.moves_to, step.file)
    if not (await properties.read(jfrog, step.file)).keys().isdisjoint((PROPERTY, FROM)):
        await properties.take(jfrog, step.file, PROPERTY, FROM)


def _note(connection: Connection, step: Step, *, who: str, now: datetime) -> None:
    begins, finding = step.reason is not None, step.finding
    findings.mark(
        connection,
        finding.id,
        Status.QUARANTINED if begins else Status.OPEN,
        reason=step.reason,
        moved_to=str(step.moves_to) if begins and step.moves_to else None,
    )
    audit.append(
        connection,
        at=now,
        who=who,
        action="quarantine file" if begins else "end quarantine",
        subject=f"{finding.platform}/{step.file}",
        detail={"finding": finding.id, "package": finding.package, "did": str(step)},
    )
