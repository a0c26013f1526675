from collections.abc import Sequence
from itertools import count

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reedbed.model.advisory import Advisory, Statement, Unusable, Verdict, Withdrawal
from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import purl
from reedbed.store import advisories, unusable
from reedbed.store.advisories import Tally
from reedbed.store.columns import LONGEST_KEY_BYTES
from reedbed.store.database import Database
from reedbed.store.fold import Counts
from store.statements import NOW, advisory, at, key, withdrawal
from store.statements import unusable as useless


async def _save(db: Database, *statements: Statement, feed: str = "osv", minute: float = 0) -> Counts:
    return await db.write(advisories.save, statements, feed=feed, now=at(minute))


async def _live(db: Database, feed: str = "osv") -> set[tuple[str, str, str]]:
    """What stands: record, package, and what it says."""
    page = await db.read(advisories.page, feed=feed, live=True, limit=1_000)
    return {(s.advisory.id, s.advisory.package.name, s.advisory.summary) for s in page}


async def test_a_statement_comes_back_as_it_was_said(database: Database) -> None:
    said = msgspec.structs.replace(
        advisory(package="@scope/name"),
        url="https://example.com/1",
        notes=("a", "b"),
        verdict=Verdict.SUSPICIOUS,
    )

    await _save(database, said)

    kept = (await database.read(advisories.get, "osv", "MAL-1"))[0]
    standings = await database.read(advisories.standings, [key("@scope/name")])
    assert kept.advisory == said
    assert (kept.live, kept.revision, kept.first_seen_at) == (True, 1, NOW)
    assert [(s.advisory, s.withdrawn) for s in standings[key("@scope/name")]] == [(said, False)]


async def test_each_statement_counts_once(database: Database) -> None:
    first = await _save(
        database, advisory("MAL-1"), advisory("MAL-2"), withdrawal("MAL-3"), useless("MAL-4"), minute=0
    )
    second = await _save(
        database,
        advisory("MAL-1"),
        advisory("MAL-2", minute=1, bad="2.0.0"),
        advisory("MAL-2", minute=0),
        advisory("MAL-3", minute=-1),
        withdrawal("MAL-1", minute=5),
        withdrawal("MAL-3"),
        useless("MAL-4"),
    )

    assert first == Counts(seen=4, new=2, withdrawn=1, unusable=1)
    assert second == Counts(seen=7, unchanged=2, changed=1, stale=2, withdrawn=1, unusable=1)


async def test_a_later_statement_takes_the_place_of_an_earlier_one(database: Database) -> None:
    await _save(database, advisory(summary="first"))
    counts = await _save(database, advisory(minute=1, summary="second"))

    assert counts == Counts(seen=1, changed=1)
    assert await _live(database) == {("MAL-1", "axios", "second")}


async def test_an_older_statement_is_ignored(database: Database) -> None:
    await _save(database, advisory(minute=1, summary="second"))
    counts = await _save(database, advisory(summary="first"))

    assert counts == Counts(seen=1, stale=1)
    assert await _live(database) == {("MAL-1", "axios", "second")}


async def test_a_record_that_was_only_touched_is_not_planned_again(database: Database) -> None:
    await _save(database, advisory())
    before = await database.read(advisories.latest_revision)

    counts = await _save(database, advisory(minute=9))

    assert counts == Counts(seen=1, unchanged=1)
    assert await database.read(advisories.changed_packages, after_revision=before, limit=10) == []
    assert (await database.read(advisories.get, "osv", "MAL-1"))[0].advisory.modified == at(9)


async def test_a_withdrawal_ends_every_statement_of_its_record(database: Database) -> None:
    await _save(database, advisory(package="axios"), advisory(package="chalk"), advisory("MAL-2"))
    before = await database.read(advisories.latest_revision)

    await _save(database, withdrawal(minute=1))

    assert await _live(database) == {("MAL-2", "axios", "Malicious code")}
    changed = await database.read(advisories.changed_packages, after_revision=before, limit=10)
    assert changed == [key("axios"), key("chalk")]
    standings = await database.read(advisories.standings, [key("chalk"), key("unheard-of")])
    assert [s.withdrawn for s in standings[key("chalk")]] == [True]
    assert key("unheard-of") not in standings


async def test_a_withdrawal_that_came_first_is_remembered(database: Database) -> None:
    await _save(database, withdrawal(minute=1))

    counts = await _save(database, advisory(minute=0))

    assert counts == Counts(seen=1, stale=1)
    assert await _live(database) == set()


async def test_a_record_that_comes_back_lives_again(database: Database) -> None:
    await _save(database, advisory())
    await _save(database, withdrawal(minute=1))

    counts = await _save(database, advisory(minute=2))

    assert counts == Counts(seen=1, changed=1)
    assert await _live(database) == {("MAL-1", "axios", "Malicious code")}


async def test_another_feeds_withdrawal_ends_nothing(database: Database) -> None:
    await _save(database, advisory())

    await _save(database, withdrawal(feed="own", minute=1), feed="own")

    assert len(await _live(database)) == 1


async def test_a_record_that_becomes_unusable_keeps_what_it_said(database: Database) -> None:
    await _save(database, advisory())

    await _save(database, useless(reason="its range is of commits"), minute=1)

    assert len(await _live(database)) == 1
    listed = await database.read(unusable.page, limit=10)
    assert [(s.record, s.reason, s.first_seen_at) for s in listed] == [
        ("MAL-1", "its range is of commits", at(1))
    ]
    assert await database.read(unusable.count) == {"osv": 1}


async def test_a_record_that_becomes_usable_is_listed_no_more(database: Database) -> None:
    await _save(database, useless(), minute=0)

    await _save(database, advisory(), minute=1)

    assert await database.read(unusable.page, limit=10) == []


async def test_a_record_with_a_usable_and_an_unusable_part_is_both(database: Database) -> None:
    await _save(database, advisory(), useless(reason="one"), useless(reason="two"))

    assert len(await _live(database)) == 1
    assert [s.reason for s in await database.read(unusable.page, limit=10)] == ["one; two"]


async def test_a_record_that_moves_leaves_the_old_package_flagged(database: Database) -> None:
    await _save(database, advisory(package="axios"))
    await _save(database, advisory(package="axois", minute=1))

    assert {package for _, package, _ in await _live(database)} == {"axios", "axois"}

    await _save(database, withdrawal(minute=2))

    assert await _live(database) == set()


async def test_a_statement_of_another_feed_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="osv"):
        await _save(database, advisory(feed="own"), feed="osv")


RECORDS = st.sampled_from(["MAL-1", "MAL-2"])
PACKAGES = st.sampled_from(["axios", "chalk", "left-pad"])
MINUTES = st.integers(0, 6)
SAID = st.one_of(
    st.builds(
        lambda record, package, minute: advisory(record, package, minute=minute, summary=f"said at {minute}"),
        RECORDS,
        PACKAGES,
        MINUTES,
    ),
    st.builds(lambda record, minute: withdrawal(record, minute=minute), RECORDS, MINUTES),
    st.builds(useless, RECORDS),
)
FEEDS = count()


def _standing(said: Sequence[Statement]) -> set[tuple[str, str, str]]:
    """The rule in words: the youngest counts, and only a withdrawal that is not older ends it."""
    ended: dict[str, Withdrawal] = {}
    newest: dict[tuple[str, str], Advisory] = {}
    for each in said:
        if isinstance(each, Withdrawal) and (each.id not in ended or ended[each.id].modified < each.modified):
            ended[each.id] = each
        if isinstance(each, Advisory):
            place = (each.id, each.package.name)
            newest[place] = max(newest.get(place, each), each, key=lambda a: a.modified)
    return {
        (*place, a.summary)
        for place, a in newest.items()
        if a.id not in ended or a.modified > ended[a.id].modified
    }


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), said=st.lists(SAID, max_size=12), size=st.integers(1, 12))
async def test_in_whatever_order_statements_come_the_same_ones_stand(
    database: Database, data: st.DataObject, said: list[Statement], size: int
) -> None:
    feed = f"feed-{next(FEEDS)}"  # each example in a corner of its own
    shuffled = data.draw(st.permutations([msgspec.structs.replace(each, feed=feed) for each in said]))

    for start in range(0, len(shuffled), size):
        await _save(database, *shuffled[start : start + size], feed=feed)

    assert await _live(database, feed) == _standing(said)


async def test_every_change_shows_to_who_looks_after_a_revision(database: Database) -> None:
    await _save(database, *(advisory(f"MAL-{n}", f"package-{n}") for n in range(10)))
    seen = await database.read(advisories.latest_revision)
    await _save(
        database, advisory("MAL-3", "package-3", minute=1, bad="2.0.0"), advisory("MAL-X", "package-7")
    )

    first = await database.read(advisories.changed_packages, after_revision=seen, limit=1)
    rest = await database.read(
        advisories.changed_packages, after_revision=seen, after_key=first[-1], limit=10
    )

    assert (first, rest) == ([key("package-3")], [key("package-7")])


async def test_pages_follow_one_another_without_a_gap(database: Database) -> None:
    said = [advisory(f"MAL-{n}", f"package-{n % 4}") for n in range(11)]
    await _save(database, *said)

    pages, after = [], None
    while page := await database.read(advisories.page, after=after, limit=3):
        pages.append(page)
        after = page[-1].place

    listed = [stated.advisory for page in pages for stated in page]
    assert [len(page) for page in pages] == [3, 3, 3, 2]
    assert listed == sorted(said, key=lambda a: (str(a.package), a.feed, a.id))


async def test_a_list_can_be_narrowed(database: Database) -> None:
    await _save(
        database, advisory("MAL-1", "axios"), advisory("MAL-2", "100%real"), withdrawal("MAL-1", minute=1)
    )
    await _save(database, advisory("own-1", "axios-utils", feed="own"), feed="own")

    async def records(**wanted: str | bool) -> list[str]:
        return [s.advisory.id for s in await database.read(advisories.page, limit=9, **wanted)]  # type: ignore[arg-type]

    assert await records(named="AXIOS") == ["MAL-1", "own-1"]
    assert await records(named="%") == ["MAL-2"]
    assert await records(live=True) == ["MAL-2", "own-1"]
    assert await records(feed="own") == ["own-1"]
    assert await records(package_type=PackageType.PYPI) == []


async def test_statements_are_counted_by_feed_and_verdict(database: Database) -> None:
    await _save(database, advisory("MAL-1"), advisory("MAL-2"), withdrawal("MAL-2", minute=1))

    tallied = await database.read(advisories.tally)

    said = advisory()
    assert tallied == [
        Tally(feed="osv", verdict=said.verdict, confidence=said.confidence, live=live, statements=1)
        for live in (False, True)
    ]


HOSTILE = [
    "\0",
    "a\0b",
    "\ud800",
    "'; DROP TABLE advisories; --",
    "%_\\",
    "x" * 10_000,
    "é" * 5_000,
    "\U0001f4a9",
    "\n\r\t",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_whatever_a_stranger_wrote_is_kept_and_found_again(database: Database, text: str) -> None:
    hostile = msgspec.structs.replace(advisory(text), summary=text, spelling=text, url=text, notes=(text,))

    first = await _save(database, hostile, Unusable(feed="osv", id=f"{text}!", reason=text))
    again = await _save(database, hostile)

    kept = await database.read(advisories.get, "osv", text)
    assert first == Counts(seen=2, new=1, unusable=1)
    assert again == Counts(seen=1, unchanged=1)
    assert len(kept) == 1
    assert len(kept[0].advisory.id.encode()) <= LONGEST_KEY_BYTES


async def test_a_name_too_long_to_look_up_by_is_unusable_and_the_rest_is_saved(database: Database) -> None:
    endless = msgspec.structs.replace(advisory("MAL-1"), package=purl(PackageType.NPM, "é" * 500))

    counts = await _save(database, endless, advisory("MAL-2"))

    assert counts == Counts(seen=2, new=1, unusable=1)
    assert "longer than" in (await database.read(unusable.page, limit=1))[0].reason
