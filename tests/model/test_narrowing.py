from datetime import UTC, datetime

from reedbed.model.narrowing import Origin, narrow
from reedbed.model.ranges import Bound, Event, Range

WIDE = Range("SEMVER", (Event(Bound.INTRODUCED, "0"),))
TRUE = Range("SEMVER", (Event(Bound.INTRODUCED, "4.1.1"), Event(Bound.LAST_AFFECTED, "4.1.2")))


def _origin(
    span: Range | None,
    *,
    day: int | None,
    imported: int = 1,
    record: str | None = "GHSA-1",
    source: str = "ghsa",
) -> Origin:
    return Origin(
        source=source,
        id=record,
        modified=datetime(2025, 9, day, tzinfo=UTC) if day else None,
        imported=datetime(2025, 10, imported, tzinfo=UTC),
        ranges=(span,) if span else (),
    )


def test_the_wide_range_of_an_older_report_is_dropped() -> None:
    origins = [_origin(WIDE, day=15), _origin(TRUE, day=16)]

    assert narrow([WIDE, TRUE], origins, has_versions=False) == (TRUE,)


def test_reports_of_one_time_are_told_apart_by_their_import() -> None:
    origins = [_origin(TRUE, day=15, imported=2), _origin(WIDE, day=15, imported=1)]

    assert narrow([WIDE, TRUE], origins, has_versions=False) == (TRUE,)


def test_a_range_that_another_source_still_holds_stays() -> None:
    origins = [_origin(WIDE, day=15), _origin(TRUE, day=16), _origin(WIDE, day=1, source="other", record="X")]

    assert narrow([WIDE, TRUE], origins, has_versions=False) == (WIDE, TRUE)


def test_a_report_without_an_id_is_superseded_by_none() -> None:
    origins = [_origin(WIDE, day=15, record=None), _origin(TRUE, day=16, record=None)]

    assert narrow([WIDE, TRUE], origins, has_versions=False) == (WIDE, TRUE)


def test_a_report_without_a_time_is_superseded_by_none() -> None:
    origins = [_origin(WIDE, day=None), _origin(TRUE, day=16)]

    assert narrow([WIDE, TRUE], origins, has_versions=False) == (WIDE, TRUE)


def test_a_range_that_no_report_holds_was_written_by_a_curator_and_stays() -> None:
    assert narrow([WIDE, TRUE], [_origin(TRUE, day=16)], has_versions=False) == (WIDE, TRUE)


def test_a_newer_report_without_ranges_leaves_what_there_is_when_nothing_else_would() -> None:
    origins = [_origin(WIDE, day=15), _origin(None, day=16)]

    assert narrow([WIDE], origins, has_versions=False) == (WIDE,)
    assert narrow([WIDE], origins, has_versions=True) == ()


def test_what_reports_list_beside_the_record_was_removed_by_a_curator_and_stays_away() -> None:
    origins = [_origin(WIDE, day=15), _origin(TRUE, day=16)]

    assert narrow([TRUE], origins, has_versions=False) == (TRUE,)


def test_the_order_of_events_does_not_make_another_range() -> None:
    turned = Range("SEMVER", TRUE.events[::-1])

    assert narrow([WIDE, turned], [_origin(TRUE, day=15), _origin(WIDE, day=16)], has_versions=False) == (
        WIDE,
    )
