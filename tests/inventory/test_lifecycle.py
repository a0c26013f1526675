"""The table of situations: what becomes of a finding at the end of a run, a row at a time."""

import msgspec
import pytest

from inventory.scopes import OnPaper, facts, seen
from reedbed.inventory.findings.ending import NO_IMAGE, REPLACED, WITHDRAWN, over, too_many
from reedbed.inventory.findings.plan import Occurrence, fix_version
from reedbed.model.inventory import Applicability, Coverage, Severity, Status

FLAW = facts("CVE-1")
OTHER = facts("CVE-2", issue="XRAY-2")
ID, OTHER_ID = "CVE-1 pkg:npm/a", "CVE-2 pkg:npm/a"
INCONCLUSIVE = [coverage for coverage in Coverage if not coverage.conclusive]


@pytest.fixture
def scope() -> OnPaper:
    """A scope with one image that has a finding, seen by two runs."""
    scope = OnPaper()
    scope.put("old")
    scope.look({"old": [seen(FLAW)]})
    scope.look({"old": [seen(FLAW)]})
    return scope


def test_what_was_never_seen_is_new_and_active_when_the_next_run_sees_it() -> None:
    scope = OnPaper()
    scope.put("image")

    scope.look({"image": [seen(FLAW)]})
    first = scope.kept[ID].status
    scope.look({"image": [seen(FLAW)]})

    assert (first, scope.kept[ID].status) == (Status.NEW, Status.ACTIVE)
    assert scope.kinds(ID) == ["detected"]


def test_what_is_seen_again_stays_the_same_finding(scope: OnPaper) -> None:
    changes = scope.look({"old": [seen(FLAW)]})

    assert (changes.updates, changes.events) == ((), ())
    assert (changes.seen, changes.confirmed) == ((ID,), (ID,))
    assert scope.kept[ID].last_run == "run-3"


def test_what_a_partial_scan_shows_is_seen_but_not_confirmed(scope: OnPaper) -> None:
    changes = scope.look({"old": [seen(FLAW)]}, coverage=Coverage.PARTIAL)

    assert (changes.seen, changes.confirmed) == ((ID,), ())


def test_a_severity_that_changes_is_an_event_and_no_new_finding(scope: OnPaper) -> None:
    worse = msgspec.structs.replace(FLAW, severity=Severity.CRITICAL)

    scope.look({"old": [seen(worse)]})

    assert list(scope.kept) == [ID]
    assert scope.kept[ID].facts.severity is Severity.CRITICAL
    assert scope.events[-1].kind == "severity-changed"
    assert scope.events[-1].detail == {"from": "High", "to": "Critical"}


def test_texts_and_scores_that_change_make_no_event(scope: OnPaper) -> None:
    said = msgspec.structs.replace(FLAW, title="Another title", text="another text", cvss3_score=5.0)

    changes = scope.look({"old": [seen(said)]})

    assert changes.events == ()
    assert scope.kept[ID].facts == said


def test_occurrences_of_all_versions_and_images_are_merged_into_one_finding(scope: OnPaper) -> None:
    scope.put("new")

    scope.look({"old": [seen(FLAW, "1.0.0", "2.0.0")], "new": [seen(FLAW, "2.0.0")]})

    assert set(scope.kept[ID].standing) == {("old", "1.0.0"), ("old", "2.0.0"), ("new", "2.0.0")}
    assert scope.kept[ID].images == 2
    assert scope.events[-1].kind == "occurrence-added"


def test_fixed_in_one_place_and_there_in_another_does_not_flap(scope: OnPaper) -> None:
    scope.look({"old": [seen(FLAW, "1.0.0", "2.0.0")]})

    scope.look({"old": [seen(FLAW, "2.0.0")]})

    assert scope.end() == {}
    assert scope.kept[ID].status is Status.ACTIVE
    assert scope.kinds(ID)[-1] == "occurrence-removed"


def test_what_a_conclusive_answer_of_the_same_image_lacks_was_withdrawn(scope: OnPaper) -> None:
    scope.look({"old": []})

    ended = scope.end()

    assert (ended[ID].status, ended[ID].because) == (Status.FIXED, WITHDRAWN)


def test_what_a_new_image_has_in_a_later_version_was_upgraded(scope: OnPaper) -> None:
    scope.put("old", current=False, present=False)
    scope.put("new")
    scope.look({"new": [seen(OTHER, "1.1.0")]})

    ended = scope.end()

    assert (ended[ID].status, ended[ID].because) == (Status.FIXED, "upgraded to 1.1.0")


def test_what_a_new_image_has_in_the_same_version_was_withdrawn(scope: OnPaper) -> None:
    scope.put("old", current=False, present=False)
    scope.put("new")
    scope.look({"new": [seen(OTHER, "1.0.0")]})

    assert scope.end()[ID].because == WITHDRAWN


def test_what_a_new_image_says_nothing_of_ended_with_the_old_one(scope: OnPaper) -> None:
    scope.put("old", current=False, present=False)
    scope.put("new")
    scope.look({"new": []})

    ended = scope.end()

    assert (ended[ID].status, ended[ID].because) == (Status.FIXED, REPLACED)


@pytest.mark.parametrize("coverage", INCONCLUSIVE)
def test_nothing_is_over_while_a_current_image_was_not_conclusively_scanned(
    scope: OnPaper, coverage: Coverage
) -> None:
    scope.put("new", coverage=coverage)
    scope.look({"old": []})

    assert scope.end() == {}
    assert scope.kept[ID].status is Status.ACTIVE


@pytest.mark.parametrize("coverage", INCONCLUSIVE)
def test_an_answer_that_proves_nothing_takes_nothing_out(scope: OnPaper, coverage: Coverage) -> None:
    changes = scope.look({"old": []}, coverage=coverage)

    assert changes.gone == ()
    assert scope.end() == {}
    assert scope.kept[ID].last_run == "run-2"  # it is shown as not confirmed since


def test_what_the_filters_leave_out_is_marked_and_not_fixed(scope: OnPaper) -> None:
    scope.put("old", in_scope=False)
    scope.look({})

    assert scope.end() == {}
    assert not scope.kept[ID].in_scope
    assert scope.kept[ID].status is Status.ACTIVE
    assert scope.kinds(ID)[-1] == "out-of-scope"


def test_what_the_filters_let_in_again_is_as_it_was(scope: OnPaper) -> None:
    before = scope.kept[ID]
    scope.put("old", in_scope=False)
    scope.look({})
    scope.put("old", in_scope=True)

    scope.look({})

    assert scope.kept[ID] == before
    assert scope.kinds(ID)[-1] == "in-scope"


def test_what_stood_nowhere_is_not_retired_because_the_filters_leave_out_the_rest(scope: OnPaper) -> None:
    scope.look({"old": []})
    scope.put("old", in_scope=False)
    scope.look({})

    assert scope.end() == {}


def test_a_moved_tag_leaves_the_finding_while_another_tag_keeps_its_image(scope: OnPaper) -> None:
    scope.put("new")
    scope.look({"new": []})

    assert scope.end() == {}


def test_a_moved_tag_closes_the_finding_when_no_current_image_has_it(scope: OnPaper) -> None:
    scope.put("old", current=False)
    scope.put("new")
    scope.look({"new": []})

    ended = scope.end()

    assert ended[ID].status is Status.FIXED
    assert scope.kept[ID].standing  # the old image is there yet, by its digest


def test_an_image_that_nothing_leads_to_any_more_opens_nothing_again(scope: OnPaper) -> None:
    scope.put("old", current=False)
    scope.put("new")
    scope.look({"new": []})
    scope.end()

    changes = scope.look({"old": [seen(FLAW), seen(OTHER)], "new": []})

    assert scope.kept[ID].status is Status.FIXED
    assert OTHER_ID not in scope.kept
    assert (changes.seen, changes.confirmed) == ((), ())


def test_a_tag_that_is_moved_back_opens_its_findings_again(scope: OnPaper) -> None:
    scope.put("old", current=False)
    scope.put("new")
    scope.look({"new": []})
    scope.end()
    scope.put("old", current=True)

    scope.look({"old": [seen(FLAW)]})

    assert scope.kept[ID].status is Status.REOPENED


def test_a_deleted_image_ends_its_occurrences_and_retires_what_only_it_had(scope: OnPaper) -> None:
    scope.put("old", current=False, present=False)
    scope.look({})

    ended = scope.end()

    assert (ended[ID].status, ended[ID].because) == (Status.RETIRED, NO_IMAGE)
    assert scope.kept[ID].standing == {}


def test_what_is_unavailable_is_neither_fixed_nor_retired(scope: OnPaper) -> None:
    scope.put("old", coverage=Coverage.UNAVAILABLE)
    scope.look({})

    assert scope.end() == {}


@pytest.mark.parametrize(
    ("closings", "open_before", "held"),
    [(21, 100, True), (20, 100, False), (1, 1, False), (2, 2, True), (0, 0, False)],
)
def test_more_than_a_fifth_at_once_waits_for_a_person(closings: int, open_before: int, held: bool) -> None:
    assert too_many(closings, open_before, share=0.2) is held


def test_what_was_fixed_and_is_seen_again_is_reopened_and_then_active(scope: OnPaper) -> None:
    scope.look({"old": []})
    scope.end()

    changes = scope.look({"old": [seen(FLAW)]})
    reopened = scope.kept[ID].status
    scope.look({"old": [seen(FLAW)]})

    assert [update.finding for update in changes.updates] == [ID]
    assert (reopened, scope.kept[ID].status) == (Status.REOPENED, Status.ACTIVE)
    assert scope.reopened[ID] == 1
    assert "reopened" in scope.kinds(ID)


def test_what_was_retired_and_is_seen_again_is_back_and_not_reopened(scope: OnPaper) -> None:
    scope.put("old", current=False, present=False)
    scope.look({})
    scope.end()
    scope.put("old", current=True, present=True)

    scope.look({"old": [seen(FLAW)]})

    assert scope.kept[ID].status is Status.ACTIVE
    assert scope.reopened[ID] == 0
    assert "returned" in scope.kinds(ID)


def test_what_a_rule_of_the_source_hides_is_not_fixed(scope: OnPaper) -> None:
    scope.look({"old": []})

    ended = over(list(scope.kept.values()), list(scope.images.values()), suppressed={ID})

    assert ended == []


def test_what_maps_make_of_a_finding_changes_nothing_else(scope: OnPaper) -> None:
    shaped = msgspec.structs.replace(FLAW, mapped={"findingGroup.findings[].name": "x"})

    changes = scope.look({"old": [seen(shaped)]})

    assert (changes.events, changes.appeared, changes.gone) == ((), (), ())
    assert [update.finding for update in changes.updates] == [ID]


class TestRekeying:
    """An issue without a CVE is known by Xray's number, until it is given one."""

    UNNAMED = facts("XRAY-7", issue="XRAY-7")
    NAMED = facts("CVE-7", issue="XRAY-7")
    BEFORE, NOW = "XRAY-7 pkg:npm/a", "CVE-7 pkg:npm/a"

    @pytest.fixture
    def scope(self) -> OnPaper:
        scope = OnPaper()
        scope.put("image")
        scope.put("beside")
        scope.look({"image": [seen(self.UNNAMED)], "beside": [seen(self.UNNAMED)]})
        return scope

    def test_a_cve_that_is_given_later_renames_the_finding(self, scope: OnPaper) -> None:
        changes = scope.look({"image": [seen(self.NAMED)]})

        assert changes.rekeyed == ((self.BEFORE, self.NOW),)
        assert list(scope.kept) == [self.NOW]
        assert set(scope.kept[self.NOW].standing) == {("image", "1.0.0"), ("beside", "1.0.0")}
        assert scope.kept[self.NOW].status is Status.ACTIVE
        assert scope.kinds(self.NOW) == ["identity-changed"]
        assert scope.end() == {}

    def test_of_several_cves_the_first_takes_the_finding_over(self, scope: OnPaper) -> None:
        second = facts("CVE-8", issue="XRAY-7")

        scope.look({name: [seen(second), seen(self.NAMED)] for name in scope.images})

        assert scope.kept[self.NOW].status is Status.ACTIVE
        assert scope.kept["CVE-8 pkg:npm/a"].status is Status.NEW

    def test_what_is_seen_under_both_keys_stays_two_until_the_next_run(self, scope: OnPaper) -> None:
        both = scope.look({"image": [seen(self.NAMED)], "beside": [seen(self.UNNAMED)]})
        then = scope.look({"image": [seen(self.NAMED)], "beside": [seen(self.NAMED)]})

        assert both.rekeyed == ()
        assert then.rekeyed == ((self.BEFORE, self.NOW),)
        assert list(scope.kept) == [self.NOW]

    def test_another_component_of_the_issue_keeps_its_own_finding(self, scope: OnPaper) -> None:
        elsewhere = facts("CVE-7", issue="XRAY-7", component="pkg:npm/b")

        changes = scope.look({"image": [seen(elsewhere)]})

        assert changes.rekeyed == ()

    def test_what_was_fixed_is_reopened_under_its_new_key(self, scope: OnPaper) -> None:
        scope.look({"image": [], "beside": []})
        scope.end()

        scope.look({"image": [seen(self.NAMED)]})

        assert scope.kept[self.NOW].status is Status.REOPENED


def test_the_worst_applicability_of_current_images_counts(scope: OnPaper) -> None:
    scope.put("new")
    harmless = seen(FLAW, applicability=Applicability.NOT_APPLICABLE)
    reached = seen(FLAW, applicability=Applicability.APPLICABLE)

    scope.look({"old": [reached], "new": [harmless]})
    both = scope.kept[ID].applicability
    scope.put("old", current=False)
    scope.look({})

    assert (both, scope.kept[ID].applicability) == (Applicability.APPLICABLE, Applicability.NOT_APPLICABLE)


@pytest.mark.parametrize(
    ("offered", "fix"),
    [
        ([("1.2.0", "2.0.0"), ("2.0.0",)], "2.0.0"),
        ([("1.10.0", "1.9.0")], "1.9.0"),
        ([("1.2.0",), ("2.0.0",)], None),
        ([()], None),
    ],
)
def test_the_fix_is_the_lowest_version_that_mends_every_occurrence(
    offered: list[tuple[str, ...]], fix: str | None
) -> None:
    occurrences = [Occurrence(version="1.0.0", fixed_versions=versions) for versions in offered]

    assert fix_version("npm", occurrences) == fix
