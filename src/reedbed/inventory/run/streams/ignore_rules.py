"""Xray's ignore rules: what they cover is suppressed, with the rule, until it ends or is taken back. Acts.

What people said of a finding stands above any rule. Status is not touched: what is suppressed is not fixed.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from sqlalchemy import Connection

from reedbed.inventory.records.moments import moment
from reedbed.inventory.run.context import Sync
from reedbed.inventory.run.streams.covering import Place, Subject, cover, until
from reedbed.inventory.run.streams.outcome import Outcome
from reedbed.jfrog.ignore_rules import IgnoreRule, ignore_rules
from reedbed.model.inventory import Stream, Triage
from reedbed.store.inventory import known, triage, violations
from reedbed.store.inventory import suppression as store
from reedbed.store.inventory.suppression import ORIGIN, Row, Standing
from reedbed.store.inventory.triage import Verdict
from reedbed.store.inventory.violations import Broken

LONGEST_NOTE = 4_000


async def read(run: Sync) -> Outcome:
    """Read all the rules, and bring the findings of this connection to what they say.

    Raises:
        Refused: the token's user may not see them; what earlier rules said stays.
        Unreachable, Unreadable: as any call; the same.
    """
    rules = await ignore_rules(run.jfrog)
    for rule in rules:
        if rule.elsewhere and not rule.is_expired:
            why = f"it is about {', '.join(rule.elsewhere)[:200]}, which is not read"
            await run.tell("info", "rule-covers-nothing", why, stream=Stream.IGNORE_RULES, item=rule.id)
    remotes = frozenset(await run.db.read(known.remotes, run.connection))
    after, suppressed, opened = "", 0, 0
    while page := await run.db.read(store.page, run.connection, after=after):
        verdicts = await run.db.write(_judge, run, rules, page, remotes)
        suppressed += sum(each.state is Triage.SUPPRESSED for each in verdicts)
        opened += sum(each.state is Triage.OPEN for each in verdicts)
        after = page[-1].id
    counts = {"rules": len(rules), "suppressed": suppressed, "opened": opened}
    return Outcome(
        complete=True, gaps=sum(bool(rule.elsewhere) and not rule.is_expired for rule in rules), counts=counts
    )


def _judge(
    connection: Connection,
    run: Sync,
    rules: Sequence[IgnoreRule],
    page: Sequence[Row],
    remotes: AbstractSet[str],
) -> list[Verdict]:
    """Put down what rules say of some findings, where that is another than before; give what changed."""
    ids = [row.id for row in page]
    said = store.said(connection, [row.id for row in page if row.triage is Triage.SUPPRESSED])
    places = store.standing(connection, ids)
    broken = violations.of(connection, ids)
    verdicts = []
    for row in page:
        using = cover(rules, _subject(row, places.get(row.id, ()), broken.get(row.id), remotes))
        if using and said.get(row.id) != using[0].id:
            verdicts.append(_verdict(run, row, using))
        elif not using and row.id in said:
            verdicts.append(_verdict(run, row, ()))
    triage.say(connection, verdicts)
    events = {
        each.finding: {"state": each.state.value, "rule": each.rule or said.get(each.finding), "by": ORIGIN}
        for each in verdicts
    }
    triage.tell(connection, events, kind="triaged", at=run.now())
    return verdicts


def _subject(
    row: Row, places: Sequence[Standing], broken: Broken | None, remotes: AbstractSet[str]
) -> Subject:
    storage = f"{row.repository}-cache" if row.repository in remotes else row.repository
    return Subject(
        type=row.type,
        vulnerability=row.vulnerability,
        issue=row.issue,
        component=row.component,
        places=tuple(
            Place(
                repository=row.repository,
                storage=storage,
                path=row.path,
                tag=place.tag,
                version=place.version,
                layer=place.layer,
            )
            for place in places
        ),
        broken=broken,
    )


def _verdict(run: Sync, row: Row, rules: Sequence[IgnoreRule]) -> Verdict:
    """What rules say of a finding; without any, that it is open again."""
    first = rules[0] if rules else None
    return Verdict(
        finding=row.id,
        state=Triage.SUPPRESSED if first else Triage.OPEN,
        justification=None,
        note=first.notes[:LONGEST_NOTE] if first else "",
        author=first.author if first else "",
        origin=ORIGIN,
        at=run.now(),
        until=moment(until(rules)),
        rule=first.id if first else None,
    )
