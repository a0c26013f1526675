"""The streams that somebody opted into, one after the other: what fails ends itself alone. Acts."""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from reedbed.errors import ReedbedError
from reedbed.inventory.findings.of_summary import spoken_of
from reedbed.inventory.run.closing import Proof
from reedbed.inventory.run.context import Sync
from reedbed.inventory.run.streams import components, ignore_rules, packages, tags, violations
from reedbed.inventory.run.streams.outcome import Outcome
from reedbed.jfrog.wire import Repo
from reedbed.model.inventory import AssetClass, FindingType, Stream
from reedbed.store.inventory.streams import Phase
from reedbed.store.runs import Fault

log = structlog.get_logger(__name__)

VULNERABILITY = frozenset({FindingType.VULNERABILITY})
VIOLATION = frozenset({FindingType.VIOLATION})


async def read_further(run: Sync, repositories: Sequence[Repo]) -> list[Proof]:
    """Read the streams that are chosen beside images and what is found in them; give what may be closed.

    The order matters: violations need the assets that they are at, and what rules hide is in no list of them.
    What a stream could not read is in its own error, and leaves the others as they are.
    """
    failed: set[Stream] = set()
    reading: tuple[tuple[Stream, Callable[[], Awaitable[Outcome]]], ...] = (
        (Stream.PACKAGES, lambda: packages.read(run, repositories)),
        (Stream.COMPONENTS, lambda: components.read(run, repositories)),
        (Stream.TAGS, lambda: tags.read(run, repositories)),
        (Stream.IGNORE_RULES, lambda: ignore_rules.read(run)),
        (
            Stream.VIOLATIONS,
            lambda: violations.read(run, repositories, rules_known=Stream.IGNORE_RULES not in failed),
        ),
    )
    proofs: list[Proof] = []
    for stream, read in reading:
        if stream in run.scope.streams and not run.leaving():
            outcome = await _guarded(run, stream, read)
            if outcome is None:
                failed.add(stream)
            elif outcome.complete:
                proofs += _proved(run, stream)
    return proofs


async def _guarded(run: Sync, stream: Stream, read: Callable[[], Awaitable[Outcome]]) -> Outcome | None:
    """Read a stream and write down how it ended; None: it failed."""
    await run.note(stream, Phase.READING)
    try:
        outcome = await read()
    except ReedbedError as error:
        log.warning("stream_failed", connection=run.connection, stream=stream.value, why=error.why)
        await run.tell("error", "stream-failed", error.why, stream=stream)
        await run.note(stream, Phase.ERRORED, error=Fault(error.what, error.why, error.fix))
        return None
    await run.note(
        stream,
        Phase.ENDED,
        complete=outcome.complete,
        gaps=outcome.gaps,
        counts=outcome.counts,
        watermark=outcome.watermark,
    )
    return outcome


def _proved(run: Sync, stream: Stream) -> list[Proof]:
    match stream:
        case Stream.PACKAGES:
            return [Proof(of=AssetClass.PACKAGE, types=spoken_of(run.scope.streams) | VULNERABILITY)]
        case Stream.VIOLATIONS:
            return [
                Proof(of=of, types=VIOLATION, listed=True) for of in (AssetClass.IMAGE, AssetClass.PACKAGE)
            ]
        case _:
            return []
