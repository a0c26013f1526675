import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reedbed.errors import SettingsError
from reedbed.jfrog.token import ARTIFACTORY, XRAY, Kind, check_token, read_token


def jwt(**claims: object) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'RS256'})}.{part(claims)}.c2lnbmF0dXJl"


def test_a_tokens_claims_are_read_without_asking_anybody() -> None:
    token = jwt(
        sub="jfac@01h/users/alice/bob", scp="applied-permissions/groups:readers artifact:npm:r", jti="t-1",
        aud=["jfrt@*", "jfxr@*"], iat=1_700_000_000, exp=1_800_000_000,
    )  # fmt: skip

    facts = read_token(token)

    assert facts.kind is Kind.ACCESS_TOKEN
    assert (facts.user, facts.token_id) == ("alice/bob", "t-1")
    assert facts.scopes == ("applied-permissions/groups:readers", "artifact:npm:r")
    assert facts.expires_at == datetime(2027, 1, 15, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("audience", "artifactory", "xray"),
    [
        ("*@*", True, True),
        ("jfrt@*", True, False),
        ("jfxr@01abc", False, True),
        (["jfrt@*", "jfxr@*"], True, True),
        ([], None, None),
        ("", None, None),
    ],
)
def test_the_audience_is_one_word_or_a_list(
    audience: object, artifactory: bool | None, xray: bool | None
) -> None:
    facts = read_token(jwt(sub="x", aud=audience))

    assert facts.meant_for(ARTIFACTORY) is artifactory
    assert facts.meant_for(XRAY) is xray


def test_a_token_without_exp_does_not_expire() -> None:
    assert read_token(jwt(sub="x")).expires_at is None


@pytest.mark.parametrize("exp", [0, -5, 1e18, float("1e300")])
def test_an_impossible_expiry_is_no_reason_to_fail(exp: float) -> None:
    assert read_token(jwt(sub="x", exp=exp)).kind is Kind.ACCESS_TOKEN


def test_reference_tokens_and_api_keys_are_known_as_such() -> None:
    assert read_token("cmVmdGtuOjAxOjE3MzA").kind is Kind.OPAQUE
    assert read_token("AKCp8abcdef").kind is Kind.API_KEY


@given(st.text(max_size=200))
def test_no_text_makes_reading_fail_or_shows_itself(text: str) -> None:
    facts = read_token(text)

    assert len(text) < 12 or text not in repr(facts)


@pytest.mark.parametrize("token", ["", "a b", "secret\r\nX-Evil: 1", "s€cret", "x" * 20_000])
def test_what_could_not_be_a_header_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(SettingsError) as caught:
        check_token(token)

    assert not token or token not in f"{caught.value!r}{caught.value.why}{caught.value.fix}"
