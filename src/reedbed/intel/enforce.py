"""Proving that a custom issue blocks: a release is fetched, flagged, refused, freed, and fetched again.

1. The release can be downloaded.            else nothing could be seen
2. That the issue will go is written down.   the outbox deletes it should this process die
3. The issue is pushed, and read back.       what Xray makes of it picks the policy's criterion
4. The download is refused, by a deadline.   indexing takes time
5. The issue is deleted.                     whatever happened before
6. The download works again, by a deadline.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from reedbed.errors import Refused, SettingsError
from reedbed.intel.canary import VERSION, Canary, canary, flagged
from reedbed.jfrog.artifactory import Artifactory, Verdict
from reedbed.jfrog.custom_issue import PACKAGE_TYPES, CustomIssue, IssueStyle, custom_issue
from reedbed.jfrog.session import JFrog
from reedbed.jfrog.xray import Xray
from reedbed.model.ledger import Action, Change
from reedbed.model.purl import Purl, parse_purl
from reedbed.store import audit, outbox, planning, runs
from reedbed.store.database import Database

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
        yield await _named(jfrog, repository, release)
        return
    if found.type.upper() not in {"LOCAL", "FEDERATED"}:
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


async def _named(jfrog: JFrog, repository: str, release: str) -> Subject:
    try:
        package, wanted = parse_purl(release)
    except ValueError as error:
        raise _unfit(repository, f"{release!r} is no release: {error}.") from error
    served = await Artifactory(jfrog).released([package])
    for each in served.releases:
        if wanted and each.version == wanted and each.repository in {repository, f"{repository}-cache"}:
            return Subject(package=package, version=wanted, repository=repository, path=each.path)
    raise _unfit(repository, f"Artifactory has no file of {release} in it; download it once through it.")


def _unfit(repository: str, why: str) -> SettingsError:
    return SettingsError(
        f"Could not prove anything in {repository}",
        why=why,
        fix="Name a local npm, PyPI or Go repository, or with --prove-with a benign release in a remote.",
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
    """Carry out the proof. `wait_s` is how long blocking and freeing may take, each.

    Raises:
        Refused: the package is flagged already, so freeing it would un-block malware; or not permitted.
        Unreachable, Unreadable: the platform fails; the issue is taken back, now or by the outbox.
    """
    issue = custom_issue(flagged(subject.package, subject.version), style)
    proof = _Proving(jfrog, subject, told)
    if not await proof.step("served", "served", wait_s=0.0):
        return proof.result()
    if await Xray(jfrog).issue(issue.id) is not None:
        raise Refused(
            f"Could not prove with {subject.package}",
            why="Xray has a custom issue about it already",
            fix="Name a release of a package that nobody flags.",
        )
    promised = _removal(subject)
    latest = now() + timedelta(seconds=2 * wait_s + GRACE_S)
    await db.write(_promise, jfrog.platform.name, promised, at=latest)
    try:
        await proof.flag(issue)
        await proof.step("blocked", "blocked", wait_s=wait_s)
    finally:
        await asyncio.shield(_take_back(jfrog, db, issue, promised, now()))
    proof.note("freed", seen="the issue is deleted")
    await proof.step("served again", "served", wait_s=wait_s)
    await db.write(_note, jfrog.platform.name, proof.result(), at=now())
    return proof.result()


class _Proving:
    """The steps seen so far."""

    def __init__(self, jfrog: JFrog, subject: Subject, told: Told) -> None:
        self._jfrog = jfrog
        self._subject = subject
        self._told = told
        self._steps: list[Step] = []
        self._malicious: bool | None = None
        self._since = time.monotonic()

    async def step(self, name: str, wanted: Verdict, *, wait_s: float) -> bool:
        """Look at the download until it is as wanted or the time is over."""
        deadline = time.monotonic() + wait_s
        while True:
            found = await Artifactory(self._jfrog).download(self._subject.repository, self._subject.path)
            if found.verdict == wanted or time.monotonic() >= deadline:
                break
            await asyncio.sleep(min(LOOK_EVERY_S, max(0.0, deadline - time.monotonic())))
        seen = f"{found.status} {found.said}".rstrip()
        return self.note(name, ok=found.verdict == wanted, seen=seen)

    async def flag(self, issue: CustomIssue) -> None:
        put = await Xray(self._jfrog).put(issue)
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
            repository=self._subject.repository,
            release=f"{self._subject.package}@{self._subject.version}",
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


def _promise(connection: Connection, platform: str, removal: Change, *, at: datetime) -> None:
    run_id = runs.new_id(at)
    planning.stage(connection, platform, run_id, [removal], now=at)
    planning.commit(connection, platform, run_id)


def _note(connection: Connection, platform: str, proof: Proof, *, at: datetime) -> None:
    action = "prove block" if proof.proved else "fail to prove block"
    detail = {"release": proof.release, "steps": [f"{s.name}: {s.seen}" for s in proof.steps]}
    audit.append(
        connection,
        at=at,
        who="enforce",
        action=action,
        subject=f"{platform}/{proof.repository}",
        detail=detail,
    )


async def _take_back(jfrog: JFrog, db: Database, issue: CustomIssue, promised: Change, now: datetime) -> None:
    await Xray(jfrog).remove(issue.id)
    await db.write(outbox.drop, jfrog.platform.name, [str(promised.flagged.package)], now=now)
