import hashlib
from collections.abc import Sequence
from random import Random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from intel.statements import (
    ADVISORIES,
    AXIOS,
    NOTED,
    NUMBERS,
    STANDINGS,
    VERSIONS,
    advisory,
)
from reedbed.intel.merge import Admission, merge
from reedbed.intel.plan import Limits, Tally, Use, change, in_use, on_allow_list, tally, too_many
from reedbed.model.advisory import Advisory, Confidence, Standing, Verdict
from reedbed.model.ledger import Action, Change, Flagged, HoldRule, Pushed
from reedbed.model.versions import EVERY, Between, Exactly, Versions, holds, version, versions

STRICT = Admission()
ADMISSIONS = st.sampled_from([STRICT, Admission(suspicious=frozenset({"own"}), automated=frozenset({"own"}))])


def fingerprint(flagged: Flagged) -> str:
    return hashlib.sha256(msgspec.json.encode(flagged)).hexdigest()


def pushed(flagged: Flagged) -> Pushed:
    return Pushed(
        flagged=flagged,
        issue_id="RB-1",
        fingerprint=fingerprint(flagged),
        pushed_at=NOTED,
        verified_at=NOTED,
    )


def planned(standings: Sequence[Standing], before: Pushed | None = None) -> Change | None:
    return change(standings, before, admission=STRICT, fingerprint=fingerprint)


def carried_out(planned: Change | None, before: Pushed | None) -> Pushed | None:
    match planned:
        case None:
            return before
        case Change(action=Action.DELETE):
            return None
        case Change(flagged=flagged):
            return pushed(flagged)


LEDGERS = st.none() | STANDINGS.map(lambda standings: merge(standings, STRICT)).map(
    lambda flagged: pushed(flagged) if flagged else None
)


@given(STANDINGS, ADMISSIONS, st.randoms(use_true_random=False))
def test_the_order_of_statements_and_repeats_among_them_change_nothing(
    standings: list[Standing], admission: Admission, random: Random
) -> None:
    shuffled = [*standings, *standings[:2]]
    random.shuffle(shuffled)

    assert merge(shuffled, admission) == merge(standings, admission)


@given(STANDINGS, LEDGERS)
def test_a_plan_carried_out_leaves_nothing_to_do(standings: list[Standing], before: Pushed | None) -> None:
    after = carried_out(planned(standings, before), before)

    assert planned(standings, after) is None


@given(STANDINGS, LEDGERS)
def test_nothing_unflags_a_package_but_every_source_that_held_it(
    standings: list[Standing], before: Pushed | None
) -> None:
    result = planned(standings, before)

    if result and result.action is Action.DELETE:
        assert before is not None
        said = {(s.advisory.feed, s.advisory.id): s for s in standings}
        for source in before.flagged.sources:
            standing = said[(source.feed, source.id)]
            assert standing.withdrawn or not STRICT.admits(standing.advisory)


@given(STANDINGS, LEDGERS)
def test_a_release_that_a_standing_source_condemns_is_never_freed(
    standings: list[Standing], before: Pushed | None
) -> None:
    after = carried_out(planned(standings, before), before)

    for standing in standings:
        if not standing.withdrawn and STRICT.admits(standing.advisory):
            for number in NUMBERS:
                if holds(standing.advisory.versions, number, AXIOS.type):
                    assert after is not None
                    assert holds(after.flagged.versions, number, AXIOS.type)


@given(LEDGERS)
def test_silence_keeps_every_issue_as_it_is(before: Pushed | None) -> None:
    assert planned([], before) is None


@given(STANDINGS.filter(lambda standings: merge(standings, STRICT) is not None), STANDINGS)
def test_a_change_that_frees_a_release_says_so(before: list[Standing], after: list[Standing]) -> None:
    flagged = merge(before, STRICT)
    assert flagged is not None
    result = planned(after, pushed(flagged))

    if result and not result.unblocks:
        for number in NUMBERS:
            if holds(flagged.versions, number, AXIOS.type):
                assert holds(result.flagged.versions, number, AXIOS.type)


def test_one_of_two_sources_withdrawing_frees_only_what_the_other_does_not_hold() -> None:
    one, two = versions([Exactly(version("1.0.0"))]), versions([Exactly(version("1.1.0"))])
    both = [
        Standing(advisory("MAL-2026-1", covers=one)),
        Standing(advisory("MAL-2026-2", feed="own", covers=two)),
    ]
    before = carried_out(planned(both), None)

    result = planned([Standing(both[0].advisory, withdrawn=True), both[1]], before)

    assert result is not None
    assert result.action is Action.UPDATE
    assert result.unblocks
    assert result.flagged.versions == two


def test_a_source_that_fell_silent_keeps_its_versions_when_another_speaks() -> None:
    before = pushed(merge_of(advisory("MAL-2026-1", covers=versions([Exactly(version("1.0.0"))]))))
    heard = [Standing(advisory("MAL-2026-2", covers=versions([Exactly(version("2.0.0"))])))]

    result = planned(heard, before)

    assert result is not None
    assert str(result.flagged.versions) == "[1.0.0] [2.0.0]"
    assert not result.unblocks


def test_suspicious_and_automated_findings_block_only_where_the_operator_says_so() -> None:
    doubtful = advisory(verdict=Verdict.SUSPICIOUS, confidence=Confidence.AUTOMATED)

    assert merge([Standing(doubtful)], STRICT) is None
    assert merge([Standing(doubtful)], Admission(suspicious=frozenset({"osv"}))) is None
    trusting = Admission(suspicious=frozenset({"osv"}), automated=frozenset({"osv"}))
    assert merge([Standing(doubtful)], trusting) is not None


def test_a_downgrade_deletes_the_issue() -> None:
    before = pushed(merge_of(advisory()))

    result = planned([Standing(advisory(verdict=Verdict.SUSPICIOUS))], before)

    assert result is not None
    assert result.action is Action.DELETE


@given(st.integers(0, 60), st.integers(0, 60))
def test_a_direction_with_too_many_changes_waits_as_a_whole(blocks: int, unblocks: int) -> None:
    rules = too_many(Tally(blocks, unblocks), Limits(blocks=30, unblocks=20))

    assert (HoldRule.MANY_BLOCKS in rules) == (blocks > 30)
    assert (HoldRule.MANY_UNBLOCKS in rules) == (unblocks > 20)


def test_changes_that_a_person_released_do_not_count() -> None:
    created = planned([Standing(advisory())])
    assert created is not None

    assert tally([created], {}) == Tally(blocks=1)
    assert tally([created], {str(AXIOS): {HoldRule.MANY_BLOCKS}}) == Tally()


def test_the_allow_list_takes_patterns_and_never_stops_an_unblock() -> None:
    created = planned([Standing(advisory())])
    assert created is not None
    deletion = msgspec.structs.replace(created, action=Action.DELETE)

    assert on_allow_list(created, Limits(allow_list=("pkg:npm/ax*",)))
    assert not on_allow_list(created, Limits(allow_list=("pkg:npm/axioss",)))
    assert not on_allow_list(deletion, Limits(allow_list=("pkg:npm/ax*",)))


def wide(clauses: Versions) -> Change:
    created = planned([Standing(advisory(covers=clauses))])
    assert created is not None
    return created


def test_an_interval_over_downloaded_releases_is_in_use() -> None:
    below_two = wide(versions([Between(upper=version("2.0.0"))]))

    assert in_use(below_two, [Use("1.9.0", downloads=3)], Limits())
    assert not in_use(below_two, [Use("2.0.0", downloads=3)], Limits())
    assert not in_use(below_two, [Use("1.9.0", downloads=0)], Limits())
    assert in_use(below_two, [Use(None, downloads=3)], Limits())
    assert in_use(wide(versions([EVERY])), [Use("not a version", downloads=1)], Limits())


def test_a_release_condemned_by_name_is_not_in_use_however_popular() -> None:
    named = wide(versions([Exactly(version("1.9.0"))]))

    assert not in_use(named, [Use("1.9.0", downloads=1000)], Limits())


@given(ADVISORIES, VERSIONS)
def test_restating_a_record_with_more_versions_frees_nothing(first: Advisory, more: Versions) -> None:
    restated = msgspec.structs.replace(first, versions=first.versions | more)
    before = carried_out(planned([Standing(first)]), None)

    result = planned([Standing(restated)], before)

    assert result is None or not result.unblocks


def merge_of(one: Advisory) -> Flagged:
    flagged = merge([Standing(one)], STRICT)
    assert flagged is not None
    return flagged
