from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reedbed.errors import ReedbedError, Refused, Unreachable, Unreadable
from reedbed.jfrog.causes import FIX, Cause, Failure
from reedbed.jfrog.exchange import LONGEST_WAIT_S, Answer, Call, failure_of, message_of, read
from reedbed.jfrog.wire import IssueEcho

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CALL = Call(method="GET", route="/xray/api/v2/events/{id}", at={"id": "RB-1"}, doing="read custom issue RB-1")
HTML = {"Content-Type": "text/html; charset=utf-8"}


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return Answer(status=status, headers=named, body=body, received_at=NOW)


@pytest.mark.parametrize(
    ("got", "cause", "family"),
    [
        (answer(401, b'{"error":"Bad Credentials"}'), Cause.UNAUTHORISED, Refused),
        (answer(401, b'{"errors":[{"status":401,"message":"Token failed verification: expired"}]}'),
         Cause.TOKEN_EXPIRED, Refused),
        (answer(401, b'{"errors":[{"code":"UNAUTHORIZED","message":"Invalid token, expired"}]}'),
         Cause.TOKEN_EXPIRED, Refused),
        (answer(403), Cause.FORBIDDEN, Refused),
        (answer(404, b"404 page not found"), Cause.NOT_FOUND, Refused),
        (answer(400, b"Failed to parse query"), Cause.REJECTED, Refused),
        (answer(415, b'{"error":"Failed to parse json."}'), Cause.REJECTED, Refused),
        (answer(408), Cause.TIMEOUT, Unreachable),
        (answer(429), Cause.BUSY, Unreachable),
        (answer(500), Cause.SERVER_ERROR, Unreachable),
        (answer(503, b"<html><title>Bad gateway</title>"), Cause.SERVER_ERROR, Unreachable),
        (answer(200, b"<!DOCTYPE html><html>", content_type="text/html"), Cause.LOGIN_PAGE, Unreadable),
        (answer(200, b"  <html>"), Cause.LOGIN_PAGE, Unreadable),
        (answer(302, location="https://company.example/reactivate-server/x"), Cause.ASLEEP, Unreachable),
        (answer(301, location="https://other.example/login?token=secret"), Cause.REDIRECT, Unreadable),
    ],
)  # fmt: skip
def test_each_answer_has_its_cause_its_family_and_what_to_do(
    got: Answer, cause: Cause, family: type[ReedbedError]
) -> None:
    failure = failure_of(CALL, got)

    assert failure is not None
    error = failure.error(CALL.doing, needs=CALL.needs)
    assert failure.cause is cause
    assert type(error) is family
    assert error.what == "Could not read custom issue RB-1"
    assert error.fix
    assert "secret" not in error.why


def test_every_cause_says_what_to_do() -> None:
    assert set(FIX) == set(Cause)


@pytest.mark.parametrize(
    ("header", "waits_s"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("99999999999999999999", LONGEST_WAIT_S),
        (format_datetime(NOW + timedelta(seconds=30), usegmt=True), 30.0),
        (format_datetime(NOW - timedelta(seconds=30), usegmt=True), 0.0),
        (format_datetime(NOW + timedelta(days=30)), LONGEST_WAIT_S),
        *((bad, None) for bad in ("", "soon", "-5", "1e9", "٣", "Sat, 99 Nov 2026")),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_capped(header: str, waits_s: float | None) -> None:
    failure = failure_of(CALL, answer(429, retry_after=header))

    assert failure is not None
    assert failure.retry_after_s == waits_s


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (b"", Cause.TRUNCATED),
        (b'{"id":"RB-1","compo', Cause.TRUNCATED),
        (b'{"id":7}', Cause.NOT_AS_DOCUMENTED),
        (b"[]", Cause.NOT_AS_DOCUMENTED),
        (b"OK", Cause.NOT_AS_DOCUMENTED),
        (b'{"x":' + b"[" * 5_000 + b"]" * 5_000 + b"}", Cause.NOT_AS_DOCUMENTED),
        (b'{"summary":"\xff"}', Cause.NOT_AS_DOCUMENTED),
    ],
)
def test_a_body_that_can_t_be_read_says_whether_it_was_cut_off(body: bytes, cause: Cause) -> None:
    decoded = read(CALL, answer(200, body), IssueEcho)

    assert isinstance(decoded, Failure)
    assert decoded.cause is cause


@given(
    st.binary(max_size=600), st.sampled_from([200, 302, 400, 401, 404, 429, 500, 599]), st.text(max_size=30)
)
def test_no_answer_whatever_it_holds_makes_reading_it_fail(body: bytes, status: int, header: str) -> None:
    got = answer(status, body, location=header, retry_after=header, content_type=header)

    failure = failure_of(CALL, got)
    decoded = read(CALL, got, IssueEcho)

    assert status < 300 or failure is not None
    assert isinstance(decoded, (IssueEcho, Failure))
    assert "\n" not in message_of(got)
    assert len(message_of(got)) <= 300


@pytest.mark.parametrize("value", ["..", ".", "a/../b", "../../api/repositories/npm-local"])
def test_a_name_that_leads_out_of_its_route_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="would lead out"):
        Call(method="DELETE", route="/artifactory/{repository}/{path}", at={"path": value}, doing="x")


def test_names_are_encoded_into_the_path_and_slashes_only_where_they_belong() -> None:
    hostile = Call(method="GET", route="/xray/api/v2/events/{id}", at={"id": "x/a b?c#d%{x}"}, doing="x")
    file = Call(
        method="GET", route="/artifactory/{repository}/{path}", doing="x",
        at={"repository": "npm-local", "path": "@scope/a/-/a-1.0.0+b.tgz"},
    )  # fmt: skip

    assert hostile.path == "/xray/api/v2/events/x%2Fa%20b%3Fc%23d%25%7Bx%7D"
    assert file.path == "/artifactory/npm-local/%40scope/a/-/a-1.0.0%2Bb.tgz"
