"""What is proved to block, what is not and why, repository by repository. Pure."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from reedbed.intel import canary
from reedbed.jfrog.layouts import findable
from reedbed.model.ecosystem import PackageType
from reedbed.store.coverage import Covered
from reedbed.store.proofs import Attempt, Verdict


class State(StrEnum):
    """How it stands with one repository, in the order of what to look at first."""

    OPEN = "open"  # nothing blocks in it, whatever was proved once
    FAILED = "failed"  # it was tried, and does not block, or does not free
    STALE = "stale"  # it was proved, and too long ago, or what that rested on has changed since
    UNTRIED = "untried"  # it is covered, and nobody has seen it block
    PROVED = "proved"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One repository: what is proved of it, and what would prove it."""

    repository: str
    package_type: PackageType
    kind: str  # local, remote, federated, virtual
    state: State
    why: str  # it is not proved; "" where it is
    tried_at: datetime | None  # the attempt that the state goes by
    release: str  # that it was tried with
    run_id: str
    relied_on: tuple[str, ...]  # "watch / policy / rule", of the attempt, else of now
    command: str  # that proves it; "" where it is proved, or none can


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """How many repositories of a type are proved."""

    package_type: PackageType
    proved: int
    repositories: int


def lines(
    covered: Iterable[Covered], attempts: Iterable[Attempt], *, now: datetime, fresh_for: timedelta
) -> list[Line]:
    """Hold what was tried against what is there now; of no repository more is said than was seen in it."""
    tried: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        tried.setdefault(attempt.repository, []).append(attempt)
    found = (_line(each, tried.get(each.repository, []), now, fresh_for) for each in covered)
    return sorted(found, key=lambda line: (line.package_type, line.kind, line.repository))


def tallies(found: Iterable[Line]) -> list[Tally]:
    """Count by package type."""
    by_type: dict[PackageType, list[Line]] = {}
    for line in found:
        by_type.setdefault(line.package_type, []).append(line)
    return [
        Tally(
            package_type=package_type,
            proved=sum(line.state is State.PROVED for line in of_type),
            repositories=len(of_type),
        )
        for package_type, of_type in sorted(by_type.items())
    ]


def _line(covered: Covered, attempts: Sequence[Attempt], now: datetime, fresh_for: timedelta) -> Line:
    latest = _newest(attempts)
    state, why = _judged(covered, latest, now, fresh_for)
    return Line(
        repository=covered.repository,
        package_type=covered.package_type,
        kind=covered.kind,
        state=state,
        why=why,
        tried_at=latest.at if latest else None,
        release=latest.release if latest else "",
        run_id=latest.run_id if latest else "",
        relied_on=latest.relied_on if latest and state is State.PROVED else covered.blocked_by,
        command="" if state is State.PROVED else command(covered, state, latest),
    )


def _newest(attempts: Sequence[Attempt]) -> Attempt | None:
    """Give the newest attempt that says something; one that broke off takes nothing from an earlier one."""
    telling = [each for each in attempts if each.verdict is not Verdict.BROKEN_OFF] or attempts
    return max(telling, key=lambda attempt: attempt.at, default=None)


def _judged(
    covered: Covered, latest: Attempt | None, now: datetime, fresh_for: timedelta
) -> tuple[State, str]:
    """Say how it stands. What is not covered is open even if a release of it was refused once."""
    if gaps := list(_gaps(covered)):
        return State.OPEN, "; ".join(gaps)
    if latest is None:
        return State.UNTRIED, "no proof was ever tried"
    day, changed = f"{latest.at:%Y-%m-%d}", latest.ground != covered.ground
    match latest.verdict:
        case Verdict.PROVED:
            doubt = CHANGE if changed else _age(now - latest.at, fresh_for)
            return (State.STALE, f"proved on {day}, {doubt}") if doubt else (State.PROVED, "")
        case Verdict.NOT_PROVED:
            failed = f"tried on {day}: {latest.reason}"
            return (State.UNTRIED, f"{failed}; {CHANGE}") if changed else (State.FAILED, failed)
        case Verdict.BROKEN_OFF:
            return State.UNTRIED, f"tried on {day}, and broken off: {latest.reason}"


def _age(age: timedelta, fresh_for: timedelta) -> str:
    return f"older than {fresh_for.days} days" if age > fresh_for else ""


CHANGE = "since when a policy, a watch or the indexing has changed"


def _gaps(covered: Covered) -> Iterable[str]:
    if covered.kind == "virtual":
        return  # Xray watches its members
    if not covered.indexed:
        yield "Xray does not index it"
    if not covered.blocked_by:
        yield "no active watch with a policy that blocks looks at all of it"


def command(covered: Covered, state: State, latest: Attempt | None) -> str:
    """Write the command that would prove a repository, for a shell; "" where Reedbed knows no way."""
    words = ["reedbed", "intel", "enforce", covered.platform]
    if covered.kind != "virtual":
        words += ["--repository", covered.repository]
    if state is State.OPEN:
        words.append("--apply")
    words += ["--prove-in", covered.repository]
    if covered.kind in canary.KINDS and covered.package_type in canary.TYPES:
        return shlex.join(words)
    if not findable(covered.package_type):
        return ""
    release = latest.release if latest else f"{covered.package_type}:NAME@VERSION"
    return shlex.join([*words, "--prove-with", release])


def counts(found: Iterable[Line]) -> Mapping[tuple[PackageType, State], int]:
    """Count the repositories of each type in each state, also where there are none, so that figures fall."""
    counted: dict[tuple[PackageType, State], int] = {}
    for line in found:
        for state in State:
            counted.setdefault((line.package_type, state), 0)
        counted[line.package_type, line.state] += 1
    return counted
