"""What Xray found in artifacts: `summary/artifact`, some at a time, each with what its answer is worth.

An answer without issues is not proof that there are none; only that Xray has looked, which `errors` and the
scan status tell. How many artifacts a call may ask for is documented nowhere: batches grow while answers
come, halve on a timeout, and what fails alone is left out with its reason. Source: artifact-summary at
docs.jfrog.com/security/reference; field reports of public clients that read batches of 12 to 100.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from reedbed.jfrog.causes import Cause, Failure
from reedbed.jfrog.exchange import JSON, Call, json_body
from reedbed.jfrog.issues import vulnerabilities
from reedbed.jfrog.session import JFrog
from reedbed.jfrog.summary_wire import Summaries, Summary
from reedbed.model.inventory import Coverage
from reedbed.model.records import Shape, VulnerabilityRecord

FIRST, MOST = 20, 50
LARGEST = 128 * 1024 * 1024
"""Bytes of an answer; a larger one is asked for again in halves. A large image has some 2 MB."""
REFUSALS = frozenset({Cause.UNAUTHORISED, Cause.TOKEN_EXPIRED, Cause.FORBIDDEN})
TOO_MUCH = frozenset({Cause.TIMEOUT, Cause.TOO_LARGE, Cause.SERVER_ERROR, Cause.DROPPED, Cause.TRUNCATED})
"""What a smaller batch may mend."""


Version = Literal[1, 2]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What Xray says of one artifact."""

    digest: str
    coverage: Coverage
    reason: str | None = None  # where it is not `scanned`
    vulnerabilities: tuple[VulnerabilityRecord, ...] = ()
    licenses: tuple[Shape, ...] = ()
    operational_risks: tuple[Shape, ...] = ()


class Findings:
    """Reads what Xray found, over one line; remembers what this Xray can do.

    An Xray without v2 is asked by v1. That is found out by the first calls and then kept: a 404 in the midst
    of a run is that call's failure, for v1 tells less (no versions that mend).
    """

    def __init__(self, jfrog: JFrog) -> None:
        self._jfrog = jfrog
        self._version: Version | None = None  # not found out yet
        self._size = FIRST
        self._careful = False  # a batch was too much once

    @property
    def batch(self) -> int:
        """How many artifacts are asked for at a time now."""
        return self._size

    async def read(self, digests: Sequence[str]) -> list[Answer]:
        """Ask for artifacts by their SHA-256 (`sha256:…`); each gets an answer, in the order asked.

        Raises:
            Refused: Xray does not take the token, or there is none; nothing is known then of any artifact.
        """
        answers: dict[str, Answer] = {}
        waiting = [list(dict.fromkeys(digests))]
        while waiting:
            some = waiting.pop()
            batch, rest = some[: self._size], some[self._size :]
            if rest:
                waiting.append(rest)
            outcome = await self._ask(batch)
            if isinstance(outcome, Summaries):
                answers |= _answers(batch, outcome, version=self._version)
                self._size = min(MOST, self._size + (1 if self._careful else FIRST // 2))
            elif len(batch) > 1 and outcome.cause in TOO_MUCH:
                self._size, self._careful = max(1, min(self._size, len(batch)) // 2), True
                waiting += [batch[len(batch) // 2 :], batch[: len(batch) // 2]]
            else:
                answers |= {each: _unavailable(each, outcome.seen) for each in batch}
        return [answers[digest] for digest in digests]

    async def _ask(self, digests: Sequence[str]) -> Summaries | Failure:
        if self._version is None:
            outcome = await self._first(digests)
        else:
            outcome = await self._summary(digests, self._version)
        nothing_there = self._version is None and _is_missing(outcome)
        if isinstance(outcome, Failure) and (outcome.cause in REFUSALS or nothing_there):
            raise outcome.error(_doing(len(digests)), needs="the Xray permission “Read”")
        return outcome

    async def _first(self, digests: Sequence[str]) -> Summaries | Failure:
        """Ask while it is not known which version there is: v1 where v2 is missing twice."""
        newer = await self._summary(digests, 2)
        if not _is_missing(newer):
            return self._settled(2, newer)
        older = await self._summary(digests, 1)
        if _is_missing(older):
            return older
        again = await self._summary(digests, 2)
        return self._settled(1, older) if _is_missing(again) else self._settled(2, again)

    def _settled(self, version: Version, outcome: Summaries | Failure) -> Summaries | Failure:
        """Keep which version answers. A failure says nothing; of calls at the same time the first says it."""
        if isinstance(outcome, Summaries) and self._version is None:
            self._version = version
        return outcome

    async def _summary(self, digests: Sequence[str], version: Version) -> Summaries | Failure:
        call = Call(
            method="POST",
            route=f"/xray/api/v{version}/summary/artifact",
            doing=_doing(len(digests)),
            send=json_body({"checksums": [digest.removeprefix("sha256:") for digest in digests]}),
            headers=JSON,
            max_bytes=LARGEST,
        )
        outcome = await self._jfrog.outcome(call)
        if isinstance(outcome, Failure):
            return outcome
        return await asyncio.to_thread(_read, outcome.body)


def _is_missing(outcome: Summaries | Failure) -> bool:
    return isinstance(outcome, Failure) and outcome.cause is Cause.NOT_FOUND


def _doing(number: int) -> str:
    return f"ask Xray what it found in {number} images"


def _read(body: bytes) -> Summaries | Failure:
    try:
        return msgspec.json.decode(body, type=Summaries)
    except (ValueError, RecursionError) as error:
        return Failure(cause=Cause.TRUNCATED, seen=f"Xray's answer can't be read: {str(error)[:200]}")


def _answers(asked: Sequence[str], outcome: Summaries, *, version: Version | None) -> dict[str, Answer]:
    """Match answers to questions by checksum; what is in neither list is not known, never clean."""
    errors = {each.identifier.removeprefix("sha256:"): each.error for each in outcome.errors or ()}
    found = {each.general.sha256: each for each in outcome.artifacts or ()}
    return {digest: _answer(digest, found, errors, version=version) for digest in asked}


def _answer(
    digest: str, found: dict[str, Summary], errors: dict[str, str], *, version: Version | None
) -> Answer:
    plain = digest.removeprefix("sha256:")
    if (summary := found.get(plain)) is not None:
        return _found(digest, summary, version)
    if plain in errors:  # the same text for not indexed, not scanned and expired
        return Answer(digest=digest, coverage=Coverage.NOT_SCANNED, reason=errors[plain])
    return Answer(digest=digest, coverage=Coverage.UNKNOWN, reason="Xray answered without a word of it")


def _found(digest: str, summary: Summary, version: Version | None) -> Answer:
    """Take what was found; what lacks the name that it is known by would be another finding, and is left out.

    Then the answer proves nothing by its silence. v1 has no components: their names are in its paths.
    """
    issues = tuple(each for each in summary.issues or () if each.components or version == 1)
    licences = tuple(each for each in summary.licenses or () if "name" in each)
    nameless = len(summary.issues or ()) - len(issues) + len(summary.licenses or ()) - len(licences)
    return Answer(
        digest=digest,
        coverage=Coverage.PARTIAL if nameless else Coverage.SCANNED,
        reason=f"Xray's answer lacks the names of {nameless} things that it found" if nameless else None,
        vulnerabilities=vulnerabilities(issues, named=_named(summary)),
        licenses=licences,
        operational_risks=tuple(summary.operational_risks or ()),
    )


def _named(summary: Summary) -> Iterator[str]:
    """The components that an artifact's licences and risks name."""
    for part in summary.licenses or ():
        ids = part.get("components")
        yield from (each for each in ids if isinstance(each, str)) if isinstance(ids, list) else ()
    for part in summary.operational_risks or ():
        if isinstance(name := part.get("component_id"), str):
            yield name


def _unavailable(digest: str, why: str) -> Answer:
    return Answer(digest=digest, coverage=Coverage.UNAVAILABLE, reason=why)
