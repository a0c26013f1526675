"""What looks like a secret is taken out of what images say, in time that is linear in the text."""

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reedbed.inventory.records.redact import (
    DEEPEST,
    HIDDEN,
    redacted,
    redacted_config,
    redacted_names,
)

SECRET = "hunter2-hunter2"
FULL = 300_000
"""Characters. A pattern that tries again at every place would need 10^11 steps, and this test never ended."""

HOSTILE = (
    "a",
    "token",
    "token ",
    "token=",
    "token= ",
    "x://a:",
    "://",
    "://a@",
    "eyJ",
    "eyJaaaaaaaaaa.",
    "--a ",
    "-u ",
    "-u a",
    "-u \"'",
    "--token -",
    "-----BEGIN ",
    "-----BEGIN PRIVATE KEY-----",
    "-----END ",
    '"',
    "'",
    "\\",
    'token="',
    "token=\\",
    "token=bearer ",
    "bearer ",
    "@",
    ":",
    "a:",
    " ",
    "ghp_",
    "auth",
    "token\t ",
)

WRITTEN = (
    "DEPLOY_TOKEN={}",
    "ARG NPM_TOKEN={} BUILD=1",
    'export API_KEY="{} and more"',
    "db.password = '{}'",
    '{{"password": "{}"}}',
    '{{\\"clientSecret\\":\\"{}\\"}}',
    "login --password {} --quiet",
    "login --api-key={}",
    "curl -u alice:{} https://jfrog.example",
    "curl --user alice:{} https://jfrog.example",
    "curl -H 'Authorization: Bearer {}'",
    "git clone https://alice:{}@git.example/app",
    "git clone https://{}@git.example/app",
    "pip install -i https://alice:pass@{}@jfrog.example/simple app",
    "GET https://jfrog.example/x?a=1&access_token={}&b=2",
    'TOKEN=a"{}"b',
    "AWS_SECRET_ACCESS_KEY:{}",
)


@pytest.mark.parametrize("form", WRITTEN)
def test_a_secret_is_taken_out_wherever_people_write_it(form: str) -> None:
    clean = redacted(f"RUN before; {form.format(SECRET)} && after")

    assert SECRET not in clean
    assert HIDDEN in clean
    assert clean.startswith("RUN before; ")


@pytest.mark.parametrize(
    "text",
    [
        "/bin/sh -c apt-get update && apt-get install -y curl=7.88.1-10",
        "COPY . /app # buildkit",
        'ENTRYPOINT ["python" "-m" "app"]',
        "LABEL org.opencontainers.image.authors=alice author=alice",
        "RUN mkdir -p /srv && useradd -u 1000 app",
        "ENV PATH=/usr/local/bin:/usr/bin",
    ],
)  # fmt: skip
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.parametrize(
    "token",
    [
        "ghp_" + "a1" * 18,
        "glpat-" + "b" * 20,
        "AKIA" + "A1B2" * 4,
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMIIE and it never ends",
    ],
)
def test_a_token_is_known_by_its_form(token: str) -> None:
    assert redacted(f"see {token}") == f"see {HIDDEN}"


def test_of_the_environment_the_names_stay() -> None:
    config = {
        "config": {"Env": ["PATH=/usr/bin", f"DB={SECRET}", "LANG=C.UTF-8", "BARE", 7], "Cmd": ["/app"]}
    }

    clean = redacted_config(config)

    assert clean["config"]["Env"] == ["PATH=/usr/bin", f"DB={HIDDEN}", "LANG=C.UTF-8", "BARE"]
    assert clean["config"]["Cmd"] == ["/app"]


def test_a_label_is_hidden_by_its_name() -> None:
    clean = redacted_names({"build-token": SECRET, "team": "reed", "note": f"token={SECRET}"})

    assert clean == {"build-token": HIDDEN, "team": "reed", "note": f"token={HIDDEN}"}


@pytest.mark.parametrize("part", HOSTILE)
def test_a_hostile_text_takes_no_longer_than_any_other(part: str) -> None:
    text = (part * (FULL // len(part) + 1))[:FULL]

    assert len(redacted(text)) <= FULL * len(HIDDEN)


def test_a_config_that_is_nested_beyond_reason_is_cut() -> None:
    deep: Any = SECRET
    for _ in range(10 * DEEPEST):
        deep = [deep]

    assert SECRET not in json.dumps(redacted_config({"config": deep}))


@given(st.text(st.sampled_from("-:=@/\"'\\ \nabtoken.?&;|"), max_size=200))
def test_any_text_can_be_redacted_and_what_was_hidden_stays_so(text: str) -> None:
    clean = redacted(f"TOKEN={SECRET} {text}")

    assert SECRET not in clean


@given(
    st.text(string.ascii_letters + string.digits, min_size=12, max_size=60),
    st.sampled_from(WRITTEN),
    st.text(st.characters(codec="utf-8", exclude_characters="\"'\\"), max_size=50),
)
def test_no_text_before_a_secret_keeps_it_from_being_found(secret: str, form: str, before: str) -> None:
    assert f"s3{secret}" not in redacted(f"{before} {form.format('s3' + secret)}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["config", "container_config", "history", "Env", "os"]), JSON))
def test_any_config_can_be_redacted(config: dict[str, Any]) -> None:
    redacted_config(config)
