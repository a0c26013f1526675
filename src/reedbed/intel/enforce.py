"""Proving that a custom issue blocks: a release is fetched, flagged, refused, freed, and fetched again.

0. What blocking rests on is read.           a proof holds as long as that stays
1. The release can be downloaded.            else nothing could be seen
2. That the issue will go is written down.   the outbox deletes it should this process die
3. The issue is pushed, and read back.       what Xray makes of it picks the policy's criterion
4. The download is refused, by a deadline.   indexing takes time
5. The issue is deleted.                     whatever happened before
6. The download works again, by a deadline.
7. What came of it is kept.                  `reedbed intel proofs` tells it
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from reedbed.errors import ReedbedError, Refused, SettingsError
from reedbed.intel.canary import KINDS, VERSION, Canary, canary, flagged
from reedbed.jfrog.artifactory import Artifactory, Release
from reedbed.jfrog.artifactory import Verdict as Seen
from reedbed.jfrog.blocking import cover
from reedbed.jfrog.custom_issue import PACKAGE_TYPES, CustomIssue, IssueStyle, custom_issue
from reedbed.jfrog.enforcement import survey
from reedbed.jfrog.grounds import grounds
from reedbed.jfrog.session import JFrog
from reedbed.jfrog.wire import Repo
from reedbed.jfrog.xray import Xray
from reedbed.model.ledger import Action, Change
from reedbed.model.purl import Purl, parse_purl
from reedbed.store import audit, outbox, planning, proofs, runs
from reedbed.store.database import Database
from reedbed.store.proofs import Attempt, Verdict

LOOK_EVERY_S = 1.0
GRACE_S = 60.0
"""Seconds after both deadlines, from which on the outbox takes the issue away if nobody else has."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A release to prove with, as a file of a repository that people download from."""

    package: Purl
    version: str
    repository: str  # as people name it: a remote's own key, not its cache's
    path: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step and what was seen."""

    name: str
    ok: bool
    seen: str
    took_s: float


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of one repository; not proved is a result, not an error."""

    repository: str
    release: str
    steps: tuple[Step, ...]
    malicious: bool | None = None  # Xray's own flag of the issue

    @property
    def proved(self) -> bool:
        return len(self.steps) == len(STEPS) and all(step.ok for step in self.steps)


STEPS = ("served", "flagged", "blocked", "freed", "served again")

Told = Callable[[Step], None]


@asynccontextmanager
async def subject(jfrog: JFrog, repository: str, release: str | None) -> AsyncIterator[Subject]:
    """Give what to prove with: a benign release that the operator names, or a canary in a local repository.

    Raises:
        SettingsError: there is no such repository or release, or a canary can't be put there.
    """
    found = {repo.key: repo for repo in await Artifactory(jfrog).repositories()}.get(repository)
    if found is None:
        raise _unfit(repository, "there is no such repository, or the token's user may not see it.")
    if release is not None:
        yield await _named(jfrog, found, release)
        return
    if found.type.lower() not in KINDS:
        raise _unfit(repository, f"it is {found.type.lower()}, and nothing can be uploaded to it.")
    made = _canary_for(repository, found.packageType.lower())
    async with uploaded(jfrog, made, repository) as there:
        yield there


def _canary_for(repository: str, repository_type: str) -> Canary:
    known = {word: package_type for package_type, word in PACKAGE_TYPES.items()}
    try:
        return canary(known[repository_type])
    except (KeyError, ValueError) as error:
        why = f"no package for a {repository_type} repository can be made up here."
        raise _unfit(repository, why) from error


async def _named(jfrog: JFrog, repo: Repo, release: str) -> Subject:
    try:
        package, wanted = parse_purl(release)
    except ValueError as error:
        raise _unfit(repo.key, f"{release!r} is no release: {error}.") from error
    served = await Artifactory(jfrog).released([package])
    for each in served.releases:
        if wanted and each.version == wanted and await _serves(jfrog, repo, each):
            return Subject(package=package, version=wanted, repository=repo.key, path=each.path)
    raise _unfit(repo.key, f"Artifactory has no file of {release} in it; download it once through it.")


async def _serves(jfrog: JFrog, repo: Repo, release: Release) -> bool:
    """Whether a repository serves a file; whose members a virtual one has, only administrators may read."""
    if repo.type.lower() != "virtual":
        return release.repository in {repo.key, f"{repo.key}-cache"}
    return (await Artifactory(jfrog).download(repo.key, release.path)).verdict == "served"


def _unfit(repository: str, why: str) -> SettingsError:
    return SettingsError(
        f"Could not prove anything in {repository}",
        why=why,
        fix="Name a local npm, PyPI or Go repository, or with --prove-with a benign release in this one.",
    )


@asynccontextmanager
async def uploaded(jfrog: JFrog, canary: Canary, repository: str) -> AsyncIterator[Subject]:
    """Put a canary into a local repository, and take it out again."""
    artifactory = Artifactory(jfrog)
    await artifactory.upload(repository, canary.path, canary.body)
    try:
        yield Subject(package=canary.package, version=VERSION, repository=repository, path=canary.path)
    finally:
        await artifactory.delete(repository, canary.path.partition("/")[0])


async def prove(
    jfrog: JFrog,
    db: Database,
    subject: Subject,
    *,
    style: IssueStyle,
    wait_s: float,
    now: Callable[[], datetime],
    told: Told,
) -> Proof:
    """Carry out the proof, and keep what came of it. `wait_s`: how long blocking and freeing may take, each.

    Raises:
        Refused: the package is flagged already, so freeing it would un-block malware; or not permitted.
        Unreachable, Unreadable: the platform fails; the issue is taken back, now or by the outbox.
    """
    begun = await _begun(jfrog, subject, now())
    proving = _Proving(jfrog, subject, told)
    try:
        await _through(proving, db, begun.run_id, style=style, wait_s=wait_s, now=now)
    except ReedbedError as error:
        await db.write(_keep, begun, proving.result(), broken_off=str(error), at=now())
        raise
    await db.write(_keep, begun, proving.result(), broken_off="", at=now())
    return proving.result()


async def _begun(jfrog: JFrog, subject: Subject, at: datetime) -> Attempt:
    """Read what blocking rests on before anything is tried: what changes meanwhile then shows as a change."""
    state, key = await survey(jfrog), subject.repository
    found = cover(state, key, "malicious")
    return Attempt(
        platform=jfrog.platform.name,
        repository=key,
        verdict=Verdict.BROKEN_OFF,
        package_type=subject.package.type,
        kind=found.kind,
        release=f"{subject.package}@{subject.version}",
        reason="",
        relied_on=found.blocked_by,
        ground=grounds(state).get(key, ""),
        run_id=runs.new_id(at),
        at=at,
    )


async def _through(
    proving: "_Proving",
    db: Database,
    run_id: str,
    *,
    style: IssueStyle,
    wait_s: float,
    now: Callable[[], datetime],
) -> None:
    jfrog, subject = proving.jfrog, proving.subject
    issue = custom_issue(flagged(subject.package, subject.version), style)
    if not await proving.step("served", "served", wait_s=0.0):
        return
    if await Xray(jfrog).issue(issue.id) is not None:
        raise Refused(
            f"Could not prove with {subject.package}",
            why="Xray has a custom issue about it already",
            fix="Name a release of a package that nobody flags.",
        )
    promised = _removal(subject)
    latest = now() + timedelta(seconds=2 * wait_s + GRACE_S)
    await db.write(_promise, jfrog.platform.name, run_id, promised, at=latest)
    try:
        await proving.flag(issue)
        await proving.step("blocked", "blocked", wait_s=wait_s)
    finally:
        await asyncio.shield(_take_back(jfrog, db, issue, promised, now()))
    proving.note("freed", seen="the issue is deleted")
    await proving.step("served again", "served", wait_s=wait_s)


class _Proving:
    """The steps seen so far."""

    def __init__(self, jfrog: JFrog, subject: Subject, told: Told) -> None:
        self.jfrog = jfrog
        self.subject = subject
        self._told = told
        self._steps: list[Step] = []
        self._malicious: bool | None = None
        self._since = time.monotonic()

    async def step(self, name: str, wanted: Seen, *, wait_s: float) -> bool:
        """Look at the download until it is as wanted or the time is over."""
        deadline = time.monotonic() + wait_s
        while True:
            found = await Artifactory(self.jfrog).download(self.subject.repository, self.subject.path)
            if found.verdict == wanted or time.monotonic() >= deadline:
                break
            await asyncio.sleep(min(LOOK_EVERY_S, max(0.0, deadline - time.monotonic())))
        seen = f"{found.status} {found.said}".rstrip()
        return self.note(name, ok=found.verdict == wanted, seen=seen)

    async def flag(self, issue: CustomIssue) -> None:
        put = await Xray(self.jfrog).put(issue)
        self._malicious = put.malicious
        called = {True: "malicious", False: "not malicious", None: "neither malicious nor not"}[put.malicious]
        self.note("flagged", seen=f"issue {issue.id} {put.outcome}; Xray calls it {called}")

    def note(self, name: str, *, ok: bool = True, seen: str) -> bool:
        now = time.monotonic()
        step = Step(name=name, ok=ok, seen=seen, took_s=round(now - self._since, 3))
        self._since = now
        self._steps.append(step)
        self._told(step)
        return ok

    def result(self) -> Proof:
        return Proof(
            repository=self.subject.repository,
            release=f"{self.subject.package}@{self.subject.version}",
            steps=tuple(self._steps),
            malicious=self._malicious,
        )


def _removal(subject: Subject) -> Change:
    return Change(
        action=Action.DELETE,
        flagged=flagged(subject.package, subject.version),
        fingerprint="proof",
        unblocks=True,
    )


def _promise(connection: Connection, platform: str, run_id: str, removal: Change, *, at: datetime) -> None:
    planning.stage(connection, platform, run_id, [removal], now=at)
    planning.commit(connection, platform, run_id)


def verdict(proof: Proof) -> tuple[Verdict, str]:
    """Say what a proof that went to its end comes to, and why it proves nothing where it does not. Pure."""
    failed = next((step for step in proof.steps if not step.ok), None)
    if failed is None:
        return Verdict.PROVED, ""
    if failed.name == "served":
        return Verdict.BROKEN_OFF, f"it could not be downloaded to begin with: {failed.seen}"
    unseen = "; Xray does not call the issue malicious" if proof.malicious is False else ""
    return Verdict.NOT_PROVED, f"{failed.name}? no, {failed.seen}{unseen}"


def _keep(connection: Connection, begun: Attempt, proof: Proof, *, broken_off: str, at: datetime) -> None:
    """Keep what came of an attempt, for the report and in the audit log."""
    found, reason = (Verdict.BROKEN_OFF, broken_off) if broken_off else verdict(proof)
    proofs.save(connection, msgspec.structs.replace(begun, verdict=found, reason=reason, at=at))
    detail = {
        "run": begun.run_id,
        "release": proof.release,
        "verdict": found,
        "reason": reason,
        "relied_on": begun.relied_on,
        "steps": [f"{s.name}: {s.seen}" for s in proof.steps],
    }
    audit.append(
        connection,
        at=at,
        who="enforce",
        action="prove block" if found is Verdict.PROVED else "fail to prove block",
        subject=f"{begun.platform}/{begun.repository}",
        detail=detail,
    )


async def _take_back(jfrog: JFrog, db: Database, issue: CustomIssue, promised: Change, now: datetime) -> None:
    await Xray(jfrog).remove(issue.id)
    await db.write(outbox.drop, jfrog.platform.name, [str(promised.flagged.package)], now=now)
