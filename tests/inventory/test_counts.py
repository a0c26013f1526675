"""The numbers of findings that triggers keep, held against counting all findings anew."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from threading import Barrier
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, String, cast, delete, func, select, update

from databases import Cluster
from inventory.evaluator import Evaluator
from inventory.population import NAMES, NOW, REPOSITORIES, Finding, drawn, write
from reedbed.model.inventory import Applicability, Severity, Status, Triage
from reedbed.model.query.read import read
from reedbed.model.query.tokens import View
from reedbed.store.database import Database, open_database
from reedbed.store.inventory import closings, connections, remapped, scopes, scores, triage
from reedbed.store.inventory.counts import COUNTS
from reedbed.store.inventory.exports import standing
from reedbed.store.inventory.findings import FINDINGS
from reedbed.store.inventory.rekeying import rekey
from reedbed.store.inventory.triage import Verdict
from reedbed.store.search.groups import BY, groups

KIND = [column.name for column in COUNTS.c if column.name not in ("slot", "number")]
STEPS = 40

Write = Callable[[Connection, random.Random, Sequence[Finding]], Any]


def _save(connection: Connection, draw: random.Random, some: Sequence[Finding]) -> None:
    """New ones, known ones that changed, and known ones as they were."""
    for each in some:
        row = replace(
            each.row,
            status=draw.choice(list(Status)),
            severity=draw.choice(list(Severity)),
            applicability=draw.choice((None, *Applicability)),
            in_scope=draw.random() < 0.8,
        )
        scopes.save_findings(connection, each.scope, [row], found=NOW, now=NOW)


def _say(connection: Connection, draw: random.Random, some: Sequence[Finding]) -> None:
    verdicts = [
        Verdict(
            finding=finding,
            state=draw.choice(list(Triage)),
            justification=None,
            note="",
            author="alice",
            origin="user",
            at=NOW,
            until=None,
        )
        for finding in _known(connection, some)
    ]
    triage.say(connection, verdicts)


def _close(connection: Connection, draw: random.Random, some: Sequence[Finding]) -> None:
    name = draw.choice(NAMES)
    ending = draw.choice((Status.FIXED, Status.RETIRED))
    rows = [closings.Row(finding=each, status=ending, because="gone") for each in _known(connection, some)]
    closings.stage(connection, name, rows, run="run", now=NOW)
    closings.carry_out(connection, name, run="run", now=NOW)


def _rekey(connection: Connection, draw: random.Random, some: Sequence[Finding]) -> None:
    known = _known(connection, some)
    rekey(connection, [(old, draw.choice((f"{old}+", draw.choice(known)))) for old in known[:1]])


def _leave_kind(connection: Connection, draw: random.Random, some: Sequence[Finding]) -> None:
    """What is written most often: none of it makes another kind of a finding."""
    known = _known(connection, some)
    scopes.touch(connection, known, confirmed=known[:2], run="run-2", now=NOW)
    scopes.reopen(connection, known, now=NOW)
    scores.save(connection, dict.fromkeys(known, 50.0))
    remapped.save_findings(connection, {each: {"a": draw.random()} for each in known})


def _by_hand(connection: Connection, draw: random.Random, some: Sequence[Finding]) -> None:
    these = FINDINGS.c.id.in_(_known(connection, some))
    change = {"repository": draw.choice(REPOSITORIES), "in_scope": draw.random() < 0.5}
    connection.execute(update(FINDINGS).where(these).values(change))


def _delete(connection: Connection, draw: random.Random, some: Sequence[Finding]) -> None:
    connection.execute(delete(FINDINGS).where(FINDINGS.c.id.in_(_known(connection, some)[:2])))


def _known(connection: Connection, some: Sequence[Finding]) -> list[str]:
    ids = [each.row.id for each in some]
    return list(connection.execute(select(FINDINGS.c.id).where(FINDINGS.c.id.in_(ids))).scalars())


WRITES: tuple[Write, ...] = (_save, _save, _say, _close, _rekey, _leave_kind, _by_hand, _delete)


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.soak) for n in range(1, 20))])
async def test_the_numbers_that_are_kept_are_those_of_the_findings_whatever_is_written(
    database: Database, seed: int
) -> None:
    population, draw = drawn(seed), random.Random(seed)
    await database.write(write, population)
    assert await database.read(_kept) == await database.read(_counted)

    for _ in range(STEPS):
        act, some = draw.choice(WRITES), draw.sample(population.findings, 5)
        await database.write(act, draw, some)
        assert await database.read(_kept) == await database.read(_counted), act

    await database.write(connections.remove, NAMES[0])
    assert await database.read(_kept) == await database.read(_counted)
    assert NAMES[0] not in await database.read(_names)


async def test_writers_of_one_repository_count_without_waiting_for_each_other(
    cluster: Cluster, migrated: str
) -> None:
    db = open_database(cluster.url(name := cluster.make(migrated)))
    population = drawn(0)
    await db.write(write, population)
    await db.write(_make_alike)
    both_have_written = Barrier(2, timeout=60)

    def move(connection: Connection, finding: Finding) -> None:
        connection.execute(
            update(FINDINGS).where(FINDINGS.c.id == finding.row.id).values(severity=Severity.CRITICAL)
        )
        both_have_written.wait()

    async with asyncio.TaskGroup() as group:
        for each in population.findings[:2]:
            group.create_task(db.write(move, each))

    assert await db.read(_kept) == await db.read(_counted)
    db.close()
    cluster.remove(name)


def _make_alike(connection: Connection) -> None:
    """Make all findings of one kind, so that whoever changes one changes the same numbers."""
    kind = dict(connection.execute(select(*(FINDINGS.c[name] for name in KIND)).limit(1)).mappings().one())
    connection.execute(update(FINDINGS).values({**kind, "severity": Severity.LOW}))


QUERIES = (
    "",
    "finding.severity>=medium",
    "NOT finding.status:fixed AND container.repository:`docker-local`",
    'repository.key:"docker local"',
    "repository.packageType:docker OR finding.triage:open",
    "software.type:deb AND inventory.connector.name:acme",
    "finding.applicability is null",
    "NOT finding.applicability:not_applicable",
    "finding.isFound:true AND finding.isIgnored:false AND finding.type:licence",
    "finding.cveId:CVE-2024-1",
    "openssl",
)


async def test_counts_by_each_thing_are_those_of_the_rows(database: Database) -> None:
    population = drawn(3)
    await database.write(write, population)
    every = await database.read(_standing)
    wrong = []

    for text in QUERIES:
        node = read(text, now=NOW)
        asked = Evaluator(population).ask(node, View.FINDINGS)
        for by in BY[View.FINDINGS]:
            rows = [row for row in every if row["id"] in asked]
            expected = Counter(_word(by, row[by]) for row in rows)
            critical = Counter(_word(by, row[by]) for row in rows if row["severity"] == Severity.CRITICAL)
            found = await database.read(groups, node, View.FINDINGS, by, among=standing, limit=1000)
            if {each.key: (each.number, each.critical) for each in found} != {
                key: (number, critical[key]) for key, number in expected.items()
            }:
                wrong.append((text, by))

    assert not wrong


def _standing(connection: Connection) -> list[Mapping[str, Any]]:
    columns = (column.label(by) for by, column in BY[View.FINDINGS].items())
    rows = connection.execute(select(FINDINGS.c.id, *columns).where(standing)).mappings()
    return [dict(row) for row in rows]


def _word(by: str, key: Any) -> str | None:
    if key is None:
        return None
    return Severity(key).word if by == "severity" else str(key)


def _names(connection: Connection) -> list[str]:
    return list(connection.execute(select(COUNTS.c.connection)).scalars())


def _kept(connection: Connection) -> Counter[tuple[str, ...]]:
    kind = [cast(COUNTS.c[name], String) for name in KIND]
    query = select(*kind, func.sum(COUNTS.c.number)).group_by(*kind)
    return Counter({tuple(row[:-1]): row[-1] for row in connection.execute(query) if row[-1]})


def _counted(connection: Connection) -> Counter[tuple[str, ...]]:
    kind = [func.coalesce(cast(FINDINGS.c[name], String), "") for name in KIND]
    query = select(*kind, func.count()).group_by(*kind)
    return Counter({tuple(row[:-1]): row[-1] for row in connection.execute(query)})
