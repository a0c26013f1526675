import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reedbed.store.vendor_state import last_seen, state_file


def _state(folder: Path, *values: str | bytes) -> Path:
    file = folder / "state.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE kv (scope TEXT, namespace TEXT, key TEXT, value)")
        for number, value in enumerate(values):
            row = (f"profile-{number}", "integration-jfrog", "cursor", value)
            connection.execute("INSERT INTO kv VALUES (?, ?, ?, ?)", row)
        other = ("default", "another", "cursor", '{"last_seen_at": "2001-01-01T00:00:00Z"}')
        connection.execute("INSERT INTO kv VALUES (?, ?, ?, ?)", other)
    return file


def test_of_several_profiles_the_one_furthest_behind_counts(tmp_path: Path) -> None:
    file = _state(
        tmp_path,
        '{"last_seen_at": "2026-08-14T10:00:00.123456789Z"}',
        b'{"last_seen_at": "2026-08-14T11:00:00+02:00", "more": 1}',
    )

    assert last_seen(file) == datetime(2026, 8, 14, 9, tzinfo=UTC)


def test_no_file_and_no_cursor_are_no_cursor(tmp_path: Path) -> None:
    assert last_seen(tmp_path / "none.db") is None
    assert last_seen(_state(tmp_path)) is None


@pytest.mark.parametrize("value", ["", "{}", "[1]", '{"last_seen_at": "today"}', '{"last_seen_at": null}'])
def test_a_cursor_of_another_form_is_refused(tmp_path: Path, value: str) -> None:
    file = _state(tmp_path, value)

    with pytest.raises(ValueError, match="can't be read"):
        last_seen(file)


def test_a_file_that_is_none_of_its_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    file.write_bytes(b"no database" * 100)

    with pytest.raises(ValueError, match="can't be read"):
        last_seen(file)

    assert file.read_bytes() == b"no database" * 100
    assert [each.name for each in tmp_path.iterdir()] == ["state.db"]


def test_the_file_is_looked_for_where_the_daemon_keeps_it() -> None:
    home = Path("/home/alice")

    assert state_file({"SAFEDEP_DATA_DIR": "/data", "XDG_DATA_HOME": "/x"}, home) == Path(
        "/data/cli/state.db"
    )
    assert state_file({"XDG_DATA_HOME": "/x"}, home) == Path("/x/safedep/cli/state.db")
    assert state_file({}, home) == home / ".local/share/safedep/cli/state.db"
