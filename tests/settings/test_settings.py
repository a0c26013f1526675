from pathlib import Path

import pytest

from reedbed.errors import SettingsError
from reedbed.settings import documented, load


def written(folder: Path, text: str) -> Path:
    file = folder / "reedbed.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_flag_beats_a_variable_and_a_variable_beats_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "[intel]\nmax_blocks = 1\nmax_unblocks = 1\ninterval_s = 1\n")

    settings = load(
        file,
        environ={"REEDBED_INTEL_MAX_BLOCKS": "2", "REEDBED_INTEL_MAX_UNBLOCKS": "2"},
        flags={"intel.max_blocks": "3"},
    )

    assert settings.intel.max_blocks == 3
    assert settings.intel.max_unblocks == 2
    assert settings.intel.interval_s == 1


def test_the_file_may_be_named_by_a_variable(tmp_path: Path) -> None:
    file = written(tmp_path, 'data_dir = "/somewhere"\n')

    settings = load(environ={"REEDBED_CONFIG": str(file)})

    assert settings.database_url == "sqlite:////somewhere/reedbed.db"


@pytest.mark.parametrize(
    ("text", "wrong", "near"),
    [
        ("[intel]\nmax_block = 1\n", "intel.max_block", "intel.max_blocks"),
        ("[inteI]\nmax_blocks = 1\n", "inteI", "intel"),
        ('databse = "x"\n', "databse", "database"),
    ],
)
def test_an_unknown_key_is_an_error_with_the_nearest_name(
    tmp_path: Path, text: str, wrong: str, near: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(written(tmp_path, text), environ={})

    assert wrong in caught.value.what
    assert near in caught.value.fix


def test_an_unknown_variable_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(SettingsError) as caught:
        load(environ={"REEDBED_INTEL_MAX_BLOCK": "1"})

    assert "REEDBED_INTEL_MAX_BLOCKS" in caught.value.fix


def test_an_unknown_flag_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(SettingsError) as caught:
        load(environ={}, flags={"intel.interval": "1"})

    assert "intel.interval_s" in caught.value.fix


def test_a_wrong_value_says_which_setting_and_where_it_came_from() -> None:
    with pytest.raises(SettingsError) as caught:
        load(environ={"REEDBED_INTEL_MAX_BLOCKS": "many"})

    assert "intel.max_blocks" in caught.value.what
    assert "REEDBED_INTEL_MAX_BLOCKS" in caught.value.why


def test_a_commands_own_default_is_beaten_by_everything_else(tmp_path: Path) -> None:
    own = {"intel.max_blocks": "7", "intel.window_days": "8"}
    file = written(tmp_path, "[intel]\nmax_blocks = 500\n")

    alone = load(environ={}, defaults=own)
    beaten = load(file, environ={"REEDBED_INTEL_WINDOW_DAYS": "90"}, defaults=own)

    assert (alone.intel.max_blocks, alone.intel.window_days) == (7, 8)
    assert (beaten.intel.max_blocks, beaten.intel.window_days) == (500, 90)


def test_lists_are_json_or_comma_separated() -> None:
    comma = load(environ={"REEDBED_INTEL_ALLOW_LIST": "pkg:npm/a, pkg:npm/b"})
    json = load(environ={"REEDBED_INTEL_ALLOW_LIST": '["pkg:npm/a", "pkg:npm/b"]'})

    assert comma.intel.allow_list == json.intel.allow_list == ("pkg:npm/a", "pkg:npm/b")


def test_what_is_no_toml_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(written(tmp_path, "[intel\n"), environ={})

    assert "line 1" in caught.value.why


def test_the_database_password_is_not_in_a_repr() -> None:
    settings = load(environ={"REEDBED_DATABASE": "postgresql://reedbed:hunter2@db.example/reedbed"})

    assert "hunter2" not in repr(settings)


def test_every_setting_says_what_it_means() -> None:
    assert [each.path for each in documented() if not each.meaning] == []
