"""What is taken out of Xray's summary of an artifact, by the streams that were chosen. Pure.

One answer serves all of them: the summary is never asked twice for what it tells at once.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from reedbed.inventory.findings.licences import licences, risks
from reedbed.inventory.findings.observed import observed
from reedbed.inventory.findings.plan import Observed
from reedbed.jfrog.summary import Answer
from reedbed.model.inventory import FindingType, Stream
from reedbed.store.inventory.scopes import Scope

TYPES: Mapping[Stream, FindingType] = {
    Stream.VULNERABILITIES: FindingType.VULNERABILITY,
    Stream.LICENCES: FindingType.LICENCE,
    Stream.OPERATIONAL_RISK: FindingType.OPERATIONAL_RISK,
}


def spoken_of(streams: Collection[Stream]) -> frozenset[FindingType]:
    """Say which findings are taken out of summaries."""
    return frozenset(TYPES[stream] for stream in streams if stream in TYPES)


def asks_xray(streams: Collection[Stream]) -> bool:
    """Say whether images' summaries are needed at all."""
    return bool(spoken_of(streams)) or Stream.COMPONENTS in streams


def told(
    answer: Answer,
    digests: Sequence[str],
    *,
    scope: Scope,
    types: Collection[FindingType],
    mapped: Iterable[Mapping[str, Any]] | None = None,
) -> tuple[Observed, ...]:
    """Make the findings of an answer; `digests` are those of its vulnerabilities' texts."""
    where = f"{scope.repository}/{scope.path}"
    found: tuple[Observed, ...] = ()
    if FindingType.VULNERABILITY in types:
        found += observed(
            answer.vulnerabilities, digests, connection=scope.connection, scope=where, mapped=mapped
        )
    if FindingType.LICENCE in types:
        found += licences(answer.licenses, connection=scope.connection, scope=where, path=scope.path)
    if FindingType.OPERATIONAL_RISK in types:
        found += risks(answer.operational_risks, connection=scope.connection, scope=where)
    return found
