"""What strangers wrote, and what must stay secret, in the event log."""

import io
import json
import logging
import re
import string
import time
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from reedbed import log
from reedbed.errors import Refused
from reedbed.model.secret import Secret

BASE64URL = string.ascii_letters + string.digits + "-_"
JWT = st.builds(
    "eyJ{}.eyJ{}.{}".format,
    st.text(BASE64URL, min_size=12, max_size=60),
    st.text(BASE64URL, min_size=12, max_size=60),
    st.text(BASE64URL, min_size=12, max_size=60),
)
API_KEY = st.builds("AKCp{}".format, st.text(string.ascii_letters + string.digits, min_size=20, max_size=70))
REFERENCE = st.builds("cmVmdGtu{}".format, st.text(string.ascii_letters, min_size=40, max_size=56))
CREDENTIAL = JWT | API_KEY | REFERENCE

TEXT = st.text(max_size=40) | st.sampled_from(
    ["\n", "\r\n", "\x1b[2J", "\u2028", "\u202e", "\x00", '"}\n{"event":"x"}']
)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3) | st.sets(TEXT, max_size=3)
    ),
    max_leaves=8,
)
FIELD = st.text(string.ascii_lowercase, min_size=1, max_size=8).map("f_{}".format)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    kept = {name: logging.getLogger(name) for name in log.FOREIGN}
    state = {name: (each.handlers[:], each.level, each.propagate) for name, each in kept.items()}
    yield
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    for name, (handlers, level, propagate) in state.items():
        kept[name].handlers, kept[name].propagate = handlers, propagate
        kept[name].setLevel(level)


def written(fields: dict[str, Any], *, as_json: bool) -> str:
    stream = io.StringIO()
    log.configure("debug", json=as_json, stream=stream)
    structlog.get_logger().info("package_seen", **fields)
    return stream.getvalue()


def without_colour(text: str) -> str:
    return re.sub(r"\x1b\[\d+m", "", text)


@given(st.dictionaries(FIELD, VALUE, max_size=4))
def test_whatever_a_field_holds_an_event_is_one_json_line(fields: dict[str, Any]) -> None:
    text = written(fields, as_json=True)

    assert text.endswith("\n")
    assert text.splitlines() == [text[:-1]]
    assert json.loads(text)["event"] == "package_seen"
    assert all(character.isprintable() for character in text[:-1])


@given(st.dictionaries(FIELD, VALUE, max_size=4))
def test_whatever_a_field_holds_a_terminal_sees_one_printable_line(fields: dict[str, Any]) -> None:
    text = without_colour(written(fields, as_json=False))

    assert text.splitlines() == [text[:-1]]
    assert all(character.isprintable() for character in text[:-1])


@given(CREDENTIAL, st.sampled_from(["{}", "token {} refused", "['{}']", "a={}&b", "\n{}\n"]), st.booleans())
def test_a_credential_is_blanked_wherever_it_stands(secret: str, around: str, as_json: bool) -> None:
    text = around.format(secret)
    fields = {
        "plain": text,
        "deep": {"list": [1, (text,)]},
        "bytes": text.encode(),
        "error": ValueError(text),
    }

    assert secret not in written(fields, as_json=as_json)


@given(VALUE)
def test_a_field_with_a_secrets_name_is_blanked(value: Any) -> None:
    text = written({"access_token": value, "at_depth": {"password": value}}, as_json=True)

    event = json.loads(text)
    assert event["access_token"] == event["at_depth"]["password"] == log.HIDDEN


@given(TEXT, CREDENTIAL)
def test_text_made_presentable_stays_as_it_is(text: str, secret: str) -> None:
    once = log.presentable(f"{text} {secret}")

    assert secret not in once
    assert once.isprintable()
    assert log.presentable(once) == once


def test_a_digest_is_no_credential() -> None:
    digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

    assert digest in written({"sha256": digest}, as_json=True)


def test_the_password_in_a_url_is_blanked() -> None:
    text = written({"url": "postgresql://reedbed:hunter2@db.example.com/reedbed"}, as_json=True)

    assert "hunter2" not in text
    assert "db.example.com/reedbed" in text


@pytest.mark.parametrize(
    "piece", ["a", "eyJ", "eyJa.", "A1b", "://", "x@", "AKCp", "bearer ", "\x00", "a.b-"]
)
def test_a_huge_value_is_cut_and_does_not_hold_up_the_log(piece: str) -> None:
    began = time.process_time()

    text = written({"name": piece * (1_000_000 // len(piece))}, as_json=True)

    assert len(text) < 8 * log.LONGEST_VALUE
    assert time.process_time() - began < 1.0, "the time grows faster than the text: a pattern backtracks"


@pytest.mark.parametrize("as_json", [True, False])
def test_a_secret_does_not_show(as_json: bool) -> None:
    assert "hunter2" not in written(
        {"given": Secret("hunter2"), "deep": [Secret("hunter2")]}, as_json=as_json
    )


def test_an_error_is_told_with_its_class_and_words() -> None:
    error = Refused("Could not read", why="JFrog answered 403", fix="Ask alice")

    assert (
        json.loads(written({"error": error}, as_json=True))["error"]
        == "Refused: Could not read: JFrog answered 403"
    )


@pytest.mark.parametrize("as_json", [True, False])
def test_a_traceback_cannot_forge_an_event(as_json: bool) -> None:
    stream = io.StringIO()
    log.configure("info", json=as_json, stream=stream)

    try:
        int('\n2026-11-21 [info] all_is_well\n{"event": "all_is_well"}\x1b[2J')
    except ValueError as error:
        hostile = ValueError(error.args[0].encode().decode("unicode_escape"))
        structlog.get_logger().error("run_broke", exc_info=hostile)

    lines = without_colour(stream.getvalue()).splitlines()
    assert not any(line.startswith(("2026-11-21 [info", '{"event": "all')) for line in lines)
    assert "\x1b[2J" not in stream.getvalue()


def test_libraries_speak_from_warning_on_as_one_event() -> None:
    stream = io.StringIO()
    log.configure("info", json=True, stream=stream)

    logging.getLogger("dbos").info("To view and manage workflows, connect to the vendor")
    logging.getLogger("sqlalchemy.pool").warning("lost\nconnection to %s", "postgresql://u:hunter2@h/d")

    event = json.loads(stream.getvalue())
    assert (event["event"], event["library"], event["level"]) == (
        "library_message",
        "sqlalchemy.pool",
        "warning",
    )
    assert event["message"] == f"lost\\nconnection to postgresql://{log.HIDDEN}@h/d"


def test_json_is_written_where_there_is_no_terminal() -> None:
    stream = io.StringIO()

    log.configure(stream=stream)
    structlog.get_logger().info("run_ended", run="1")

    assert json.loads(stream.getvalue())["run"] == "1"


def test_a_library_that_repeats_itself_is_heard_once() -> None:
    stream = io.StringIO()
    log.configure("info", json=True, stream=stream)

    for number in range(100):
        logging.getLogger("dbos").warning(
            "Exception encountered in queue thread for reedbed-runs: it is attempt %d", number
        )
    logging.getLogger("dbos").warning("Notification listener error")

    assert len(stream.getvalue().splitlines()) == 2
