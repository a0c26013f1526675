"""What may be said of a repository, by what was tried in it and how it is covered now."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reedbed.intel.enforce import Proof, Step, verdict
from reedbed.intel.proofs import State, Tally, counts, lines, tallies
from reedbed.model.ecosystem import PackageType
from reedbed.store.coverage import Covered
from reedbed.store.proofs import Attempt, Verdict

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FRESH_FOR = timedelta(days=30)
GUARD = ("reedbed / reedbed-block-malicious / block",)
LOCAL = Covered(
    platform="prod",
    repository="npm-local",
    package_type=PackageType.NPM,
    kind="local",
    indexed=True,
    blocked_by=GUARD,
    ground="a",
    seen_at=NOW,
)
SEEN = Attempt(
    platform="prod",
    repository="npm-local",
    verdict=Verdict.PROVED,
    package_type=PackageType.NPM,
    kind="local",
    release="pkg:npm/reed@1.0.0",
    reason="",
    relied_on=GUARD,
    ground="a",
    run_id="run",
    at=NOW - timedelta(days=1),
)
FAILED = {"verdict": Verdict.NOT_PROVED, "reason": "blocked? no, 200"}
BROKEN = {"verdict": Verdict.BROKEN_OFF, "reason": "nobody answered"}
CHANGED = "since when a policy, a watch or the indexing has changed"


def covered(**changes: Any) -> Covered:
    return msgspec.structs.replace(LOCAL, **changes)


def attempt(**changes: Any) -> Attempt:
    return msgspec.structs.replace(SEEN, **changes)


@pytest.mark.parametrize(
    ("there", "tried", "state", "why"),
    [
        (covered(), [attempt()], State.PROVED, ""),
        (covered(), [], State.UNTRIED, "no proof was ever tried"),
        (covered(), [attempt(repository="npm-other")], State.UNTRIED, "no proof was ever tried"),
        (covered(ground="b"), [attempt()], State.STALE, f"proved on 2026-11-19, {CHANGED}"),
        (
            covered(),
            [attempt(at=NOW - timedelta(days=31))],
            State.STALE,
            "proved on 2026-10-20, older than 30 days",
        ),
        (covered(), [attempt(**FAILED)], State.FAILED, "tried on 2026-11-19: blocked? no, 200"),
        (
            covered(ground="b"),
            [attempt(**FAILED)],
            State.UNTRIED,
            f"tried on 2026-11-19: blocked? no, 200; {CHANGED}",
        ),
        (
            covered(),
            [attempt(**BROKEN)],
            State.UNTRIED,
            "tried on 2026-11-19, and broken off: nobody answered",
        ),
        (covered(), [attempt(), attempt(**BROKEN, at=NOW)], State.PROVED, ""),
        (
            covered(),
            [attempt(), attempt(**FAILED, at=NOW)],
            State.FAILED,
            "tried on 2026-11-20: blocked? no, 200",
        ),
        (covered(), [attempt(at=NOW), attempt(**FAILED)], State.PROVED, ""),
        (covered(indexed=False), [attempt()], State.OPEN, "Xray does not index it"),
        (
            covered(indexed=False, blocked_by=()),
            [],
            State.OPEN,
            "Xray does not index it; no active watch with a policy that blocks looks at all of it",
        ),
        (covered(kind="virtual", indexed=False, blocked_by=()), [attempt()], State.PROVED, ""),
    ],
)
def test_what_is_said_of_a_repository(there: Covered, tried: list[Attempt], state: State, why: str) -> None:
    (line,) = lines([there], tried, now=NOW, fresh_for=FRESH_FOR)

    assert (line.state, line.why) == (state, why)
    assert (line.command == "") == (state is State.PROVED)


ENFORCE = "reedbed intel enforce prod"


@pytest.mark.parametrize(
    ("there", "tried", "command"),
    [
        (covered(), [], f"{ENFORCE} --repository npm-local --prove-in npm-local"),
        (covered(indexed=False), [], f"{ENFORCE} --repository npm-local --apply --prove-in npm-local"),
        (
            covered(kind="remote"),
            [],
            f"{ENFORCE} --repository npm-local --prove-in npm-local --prove-with npm:NAME@VERSION",
        ),
        (
            covered(kind="remote"),
            [attempt(ground="b")],
            f"{ENFORCE} --repository npm-local --prove-in npm-local --prove-with pkg:npm/reed@1.0.0",
        ),
        (covered(kind="virtual"), [], f"{ENFORCE} --prove-in npm-local --prove-with npm:NAME@VERSION"),
        (
            covered(package_type=PackageType.MAVEN),
            [],
            f"{ENFORCE} --repository npm-local --prove-in npm-local --prove-with maven:NAME@VERSION",
        ),
        (covered(package_type=PackageType.NUGET), [], ""),
        (
            covered(repository="a b;c"),
            [],
            f"{ENFORCE} --repository 'a b;c' --prove-in 'a b;c'",
        ),
    ],
)
def test_the_command_is_the_one_that_would_prove_it(
    there: Covered, tried: list[Attempt], command: str
) -> None:
    (line,) = lines([there], tried, now=NOW, fresh_for=FRESH_FOR)

    assert line.command == command


KEYS = st.sampled_from(["one", "two", "three"])
GROUNDS = st.sampled_from(["a", "b"])
KINDS = st.sampled_from(["local", "remote", "federated", "virtual"])
COVERED = st.builds(
    covered,
    repository=KEYS,
    kind=KINDS,
    indexed=st.booleans(),
    blocked_by=st.sampled_from([(), GUARD]),
    ground=GROUNDS,
    package_type=st.sampled_from(PackageType),
)
ATTEMPTS = st.builds(
    attempt,
    repository=KEYS,
    verdict=st.sampled_from(Verdict),
    ground=GROUNDS,
    at=st.integers(-60, 1).map(lambda days: NOW + timedelta(days=days)),
)


@given(st.lists(COVERED, unique_by=lambda each: each.repository), st.lists(ATTEMPTS))
def test_proved_is_said_only_of_what_was_seen_there_lately_and_is_covered_as_it_was(
    there: list[Covered], tried: list[Attempt]
) -> None:
    found = lines(there, tried, now=NOW, fresh_for=FRESH_FOR)

    by_key = {each.repository: each for each in there}
    assert {line.repository for line in found} == by_key.keys()  # nothing drops out
    assert sum(counts(found).values()) == len(found) == sum(each.repositories for each in tallies(found))
    for line in found:
        now = by_key[line.repository]
        holds = [
            each
            for each in tried
            if (each.repository, each.verdict, each.ground) == (line.repository, Verdict.PROVED, now.ground)
            and NOW - each.at <= FRESH_FOR
        ]
        assert line.state is not State.PROVED or holds
        assert line.state is not State.PROVED or now.kind == "virtual" or (now.indexed and now.blocked_by)
        assert bool(line.why) == (line.state is not State.PROVED)


def test_types_are_counted_apart() -> None:
    there = [covered(), covered(repository="b"), covered(repository="c", package_type=PackageType.PYPI)]

    found = lines(there, [attempt()], now=NOW, fresh_for=FRESH_FOR)

    assert tallies(found) == [
        Tally(package_type=PackageType.NPM, proved=1, repositories=2),
        Tally(package_type=PackageType.PYPI, proved=0, repositories=1),
    ]
    assert counts(found)[PackageType.PYPI, State.PROVED] == 0


def steps(*ok: bool) -> tuple[Step, ...]:
    names = ("served", "flagged", "blocked", "freed", "served again")
    return tuple(
        Step(name=name, ok=fine, seen="200", took_s=0.0) for name, fine in zip(names, ok, strict=False)
    )


@pytest.mark.parametrize(
    ("seen", "malicious", "expected"),
    [
        (steps(True, True, True, True, True), True, (Verdict.PROVED, "")),
        (steps(False), None, (Verdict.BROKEN_OFF, "it could not be downloaded to begin with: 200")),
        (steps(True, True, False, True, True), True, (Verdict.NOT_PROVED, "blocked? no, 200")),
        (
            steps(True, True, False, True, True),
            False,
            (Verdict.NOT_PROVED, "blocked? no, 200; Xray does not call the issue malicious"),
        ),
        (steps(True, True, True, True, False), True, (Verdict.NOT_PROVED, "served again? no, 200")),
    ],
)
def test_what_a_proof_comes_to(
    seen: tuple[Step, ...], malicious: bool | None, expected: tuple[Verdict, str]
) -> None:
    proof = Proof(repository="npm-local", release="pkg:npm/reed@1.0.0", steps=seen, malicious=malicious)

    assert verdict(proof) == expected
