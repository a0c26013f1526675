"""Merging what several sources say about one package into one statement."""

from collections.abc import Iterable, Sequence

import msgspec

from reedbed.model.advisory import Advisory, Confidence, Standing, Verdict
from reedbed.model.ledger import Flagged, Pushed, Source
from reedbed.model.versions import Versions, versions


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """Which statements may block: malicious and human-verified, and of the named feeds more than that."""

    suspicious: frozenset[str] = frozenset()  # feeds whose suspicious packages are blocked too
    automated: frozenset[str] = frozenset()  # feeds whose unreviewed findings are blocked too

    def admits(self, advisory: Advisory) -> bool:
        return (advisory.verdict is Verdict.MALICIOUS or advisory.feed in self.suspicious) and (
            advisory.confidence is Confidence.HUMAN_VERIFIED or advisory.feed in self.automated
        )


def merge(standings: Iterable[Standing], admission: Admission) -> Flagged | None:
    """Unite the statements that stand and may block; None where none does.

    The order of the statements and repeats among them change nothing.
    """
    live = [s.advisory for s in standings if not s.withdrawn and admission.admits(s.advisory)]
    if not live:
        return None
    first = min(live, key=lambda advisory: (advisory.feed, advisory.id, advisory.summary))
    return Flagged(
        package=first.package,
        spellings=tuple(sorted({advisory.spelling for advisory in live})),
        versions=_united(live),
        sources=tuple(sorted({Source(a.feed, a.id, a.url) for a in live}, key=_place)),
        summary=first.summary,
    )


def _united(advisories: Sequence[Advisory]) -> Versions:
    return versions(clause for advisory in advisories for clause in advisory.versions.clauses)


def _place(source: Source) -> tuple[str, str, str]:
    return (source.feed, source.id, source.url or "")


def with_silent_sources(
    wanted: Flagged | None, pushed: Pushed, standings: Sequence[Standing]
) -> Flagged | None:
    """Add back what a source holds that is not heard of any more: silence is not withdrawal.

    The ledger knows which records a custom issue was made from. A record that the store has no word of
    (a feed that was emptied, a store that was rebuilt) has not taken anything back, so all that the
    issue blocks stays blocked.
    """
    heard = {(s.advisory.feed, s.advisory.id) for s in standings}
    silent = [source for source in pushed.flagged.sources if (source.feed, source.id) not in heard]
    if not silent:
        return wanted
    if wanted is None:
        return pushed.flagged
    return msgspec.structs.replace(
        wanted,
        spellings=tuple(sorted({*wanted.spellings, *pushed.flagged.spellings})),
        versions=wanted.versions | pushed.flagged.versions,
        sources=tuple(sorted({*wanted.sources, *silent}, key=_place)),
    )
