"""Who is let in by a hook."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reedbed.jfrog.hook_secrets import EVENT_HEADER, HEADER, Algorithm, Expected, genuine, signature
from reedbed.model.hints import Source
from reedbed.model.secret import Secret

SECRET = "a secret with 25 letters"
BODY = b'{"domain":"docker"}'


def expected(
    source: Source = Source.ARTIFACTORY, *, signed: bool = True, algorithm: Algorithm = "sha256"
) -> Expected:
    return Expected(source=source, secret=Secret(SECRET), signed=signed, algorithm=algorithm)


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "sha512"])
@pytest.mark.parametrize("prefix", ["", "{}="])
def test_a_signature_of_the_body_is_taken_in_each_form(algorithm: Algorithm, prefix: str) -> None:
    signed = hmac.new(SECRET.encode(), BODY, getattr(hashlib, algorithm)).hexdigest()
    headers = {EVENT_HEADER: prefix.format(algorithm) + signed}

    assert genuine(expected(algorithm=algorithm), headers, BODY)
    assert not genuine(expected(algorithm=algorithm), headers, BODY + b" ")


def test_where_bodies_are_signed_the_secret_itself_opens_nothing() -> None:
    assert not genuine(expected(), {EVENT_HEADER: SECRET}, BODY)


def test_where_the_secret_is_sent_only_it_is_taken() -> None:
    hook = expected(signed=False)

    assert genuine(hook, {EVENT_HEADER: SECRET}, BODY)
    assert not genuine(hook, {EVENT_HEADER: signature(hook, BODY)}, BODY)


@pytest.mark.parametrize("headers", [basic("reedbed", SECRET), {HEADER: SECRET}])
def test_xray_sends_user_and_password_or_a_header(headers: dict[str, str]) -> None:
    assert genuine(expected(Source.XRAY), headers, BODY)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": SECRET},
        {"Authorization": f"Bearer {SECRET}"},
        {EVENT_HEADER: SECRET},
        {HEADER: ""},
        {HEADER: "\udcff"},
        basic("admin", SECRET),
        basic("reedbed", ""),
    ],
)
def test_nothing_else_is_taken_from_xray(headers: dict[str, str]) -> None:
    assert not genuine(expected(Source.XRAY), headers, BODY)


@pytest.mark.parametrize("source", Source)
@pytest.mark.parametrize("signed", [True, False])
def test_without_a_secret_nobody_is_let_in(source: Source, signed: bool) -> None:
    hook = Expected(source=source, secret=Secret(""), signed=signed)
    headers = {EVENT_HEADER: signature(hook, BODY), HEADER: ""} | basic("reedbed", "")

    assert not genuine(hook, headers, BODY)
    assert not genuine(hook, headers | {EVENT_HEADER: ""}, BODY)


@given(source=st.sampled_from(Source), signed=st.booleans(), given_=st.text(), body=st.binary(max_size=50))
def test_no_guess_lets_anybody_in(source: Source, signed: bool, given_: str, body: bytes) -> None:
    headers = dict.fromkeys((EVENT_HEADER, HEADER, "Authorization"), given_)

    assert not genuine(expected(source, signed=signed), headers, body)
