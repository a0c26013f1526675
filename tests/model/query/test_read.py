"""The query language: what is read, how it was understood, and what is said of what can't be read."""

import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reedbed.model.query.complete import complete
from reedbed.model.query.errors import QueryError
from reedbed.model.query.explain import explain
from reedbed.model.query.read import read
from reedbed.model.query.tokens import ALIASES, BY_NAME, GROUPS, NOT_OFFERED, TOKENS, Group, canonical
from reedbed.model.query.words import words

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)

UNDERSTOOD = {
    'inventory:(source:"JFrog")': "one inventory where (source is JFrog)",
    'findings.vendorProductname:"JFrog Artifactory & Xray"': (
        "finding.vendorProductName is JFrog Artifactory & Xray"
    ),
    "": "everything",
    "  ": "everything",
    "severity>=high AND NOT applicability:not_applicable": (
        "finding.severity is High or above and finding.applicability is not not_applicable"
    ),
    "finding.severity:4": "finding.severity is High",
    "finding.severity = CRITICAL": "finding.severity is Critical",
    "finding.severity:[low .. high)": "finding.severity is Low or above and below High",
    "finding.severity:[high, critical]": "finding.severity is one of: High, Critical",
    "finding.status:new OR cve:cve-2024-1 and severity:5": (
        "finding.status is new or (finding.cveId is CVE-2024-1 and finding.severity is Critical)"
    ),
    "not (severity:low or severity:medium)": "not (finding.severity is Low or finding.severity is Medium)",
    "vulnerabilities.cveId:`CVE-2024-1`": "finding.cveId is CVE-2024-1",
    "finding.cveId:[CVE-2024-1, 'CVE-2024-2']": "finding.cveId is one of: CVE-2024-1, CVE-2024-2",
    "finding.cveId is null": "finding.cveId has no value",
    "finding.cveId IS NOT NULL": "finding.cveId has a value",
    "NOT finding.cveId is null": "finding.cveId has a value",
    "asset.name:win*": "asset.name has a word that begins with win",
    "container.tag:*dev": "container.tag ends with dev",
    "container.tag:*dev*": "container.tag contains dev",
    "container.tag:dev*": "container.tag begins with dev",
    "asset.lifecycle:*re*": "asset.lifecycle is one of: present, retired",
    "finding.title:Remote Code": "finding.title has all the words remote code",
    'finding.title:"Remote Code"': "finding.title has the words “remote code” next to each other",
    "finding.title:“Remote Code”": "finding.title has the words “remote code” next to each other",
    "finding.title:`Remote Code`": "finding.title is Remote Code",
    "openssl": "some text has the word openssl",
    '"remote code" and openssl': (
        "some text has the words “remote code” next to each other and some text has the word openssl"
    ),
    "container.sizeInBytes >= 10 MB": "container.sizeInBytes is 10000000 or above",
    "container.sizeInBytes:(1KiB .. 2KiB)": "container.sizeInBytes is above 1024 and below 2048",
    'asset.firstFoundDate <= "2018-11-01"': "asset.firstFoundDate is before 2018-11-02",
    "asset.firstFoundDate:2018-11-01": "asset.firstFoundDate is from 2018-11-01 on and before 2018-11-02",
    "asset.firstFoundDate>2018-11-01": "asset.firstFoundDate is from 2018-11-02 on",
    "finding.firstFoundDate:[now-7d ... now]": (
        "finding.firstFoundDate is from 2026-11-15 10:00:00Z on and up to 2026-11-22 10:00:00Z"
    ),
    "finding.firstFoundDate:'[now-7d ... now]'": (
        "finding.firstFoundDate is from 2026-11-15 10:00:00Z on and up to 2026-11-22 10:00:00Z"
    ),
    "finding.firstFoundDate>1700000000000": "finding.firstFoundDate is after 2023-11-14 22:13:20Z on",
    "finding.detectionAge>=30": "finding.detectionAge is that of what began up to 2026-10-23 10:00:00Z",
    "finding.cvss3BaseScore:(7 .. 9]": "finding.cvss3BaseScore is above 7 and 9 or below",
    "finding.isCisaKnownExploit:yes": "finding.isCisaKnownExploit is true",
    "software:(name:openssl AND fixedVersion is not null)": (
        "one software where (name has the word openssl and fixedVersion has a value)"
    ),
    "container:(layers:(digest:x) AND tag:latest)": (
        "one container where (one container.layers where (digest is x) and tag is latest)"
    ),
    "container:(container.tag:latest)": "one container where (tag is latest)",
    "asset:(tag:(name:team AND value:web))": (
        "one asset where (one asset.tag where (name is team and value is web))"
    ),
    "tag:prod": "asset.tag.name is prod",
    "asset.tags.name:prod": "asset.tag.name is prod",
    "FINDING.SEVERITY:High": "finding.severity is High",
    r'asset.owner:"a \"quoted\" name"': 'asset.owner is a "quoted" name',
    "asset.owner:O'Brien": "asset.owner is O'Brien",
}
"""The examples of QQL's documentation and of the seed, and what each type of token takes."""

MALFORMED = {
    "finding.severity:high finding.status:new": (22, "AND or OR is missing"),
    "container.digest:sha256:aa": (17, "needs quotes"),
    "(severity:high": (14, "ends too early"),
    "severity:high)": (13, "can't stand here"),
    "severity:high AND": (17, "ends too early"),
    "AND severity:high": (0, "joins conditions"),
    "severity:": (9, "ends too early"),
    ":high": (0, "does not stand behind"),
    'title:"abc': (6, "does not end"),
    "finding.title:a..b": (15, "a range stands in brackets"),
    "severity:[high": (14, "ends too early"),
    "severity:[]": (10, "can't stand here"),
    "fnding.severity:high": (0, "there is no token fnding.severity"),
    "finding.severity:hgih": (17, "no value"),
    "finding.title>a": (14, "has no order"),
    "software.version>1.2": (17, "only compared by"),
    "finding.severity>[low, high]": (18, "compares with one value"),
    "finding.cvss3BaseScore:many": (23, "is a number"),
    "container.sizeInBytes:10XB": (22, "is a size"),
    "asset.firstFoundDate:2018-13-45": (21, "is a date"),
    "asset.firstFoundDate>now-99999y": (21, "is a date"),
    "finding.isFound:maybe": (16, "no value"),
    "container.tag:a*b": (14, "only at an end"),
    "container.tag:*": (14, "says nothing"),
    "finding.title:*code": (14, "only at the end of one word"),
    "finding.title:---": (14, "holds no word"),
    "container:(latest)": (11, "each value needs a token"),
    "container:(finding.severity:high)": (11, "there is no token"),
    "severity:(high)": (0, "is one value"),
    "`whole`": (0, "backticks"),
    "asset.owner:`a\0`": (14, "no stored text"),
    "app*": (0, "needs a token before it"),
    "finding.qds>70": (0, "Qualys's own"),
    "NOT " * 65 + "severity:high": (4, "nested deeper"),
    "severity:[" + ",".join(["high"] * 1001) + "]": (10 + 5 * 1000, "more than 1000 items"),
    "x" * 16_385: (0, "more than 16384 bytes"),
}


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_a_query_is_understood_as_documented(text: str) -> None:
    assert explain(read(text, now=NOW)) == UNDERSTOOD[text]


@pytest.mark.parametrize("text", MALFORMED, ids=lambda text: text[:30])
def test_a_malformed_query_names_the_character_and_what_to_do(text: str) -> None:
    at, why = MALFORMED[text]

    with pytest.raises(QueryError) as caught:
        read(text, now=NOW)

    assert (caught.value.at, why in caught.value.why) == (at, True), caught.value
    assert f"at character {at + 1}\n" in caught.value.what
    assert caught.value.fix


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("finding.severty:high", "finding.severity"),
        ("vendorProductName:x", "finding.vendorProductName"),
        ("container:(tga:latest)", "tag"),
        ("image.tagg:latest", "container.tag"),
    ],
)
def test_an_unknown_token_names_the_three_nearest(text: str, meant: str) -> None:
    with pytest.raises(QueryError) as caught:
        read(text, now=NOW)

    assert caught.value.nearest[0] == meant
    assert len(caught.value.nearest) == 3


def test_names_and_their_other_spellings_are_unique_and_lead_somewhere() -> None:
    assert len(BY_NAME) == len(TOKENS)
    assert set(ALIASES.values()) <= set(BY_NAME)
    assert not set(NOT_OFFERED) & set(BY_NAME)
    assert set(GROUPS) == set(Group)
    assert all(canonical(token.full.upper()) == token.full.lower() for token in TOKENS)


@given(st.text(max_size=200) | st.text("()[]\"'`:=<>.,*ANDORNOTisnull severityhigh.1-", max_size=300))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    try:
        explain(read(text, now=NOW))
    except QueryError as error:
        place = error.at
    else:
        place = 0

    complete(text)
    assert 0 <= place <= len(text)


@pytest.mark.parametrize(
    "part",
    [
        "(",
        "[",
        '"',
        "'a",
        "NOT ",
        "a ",
        "a.",
        "a:",
        "severity:[",
        "`\\",
        " ",
        "is null ",
        "a and ",
        "..",
        "*",
    ],
)
def test_no_query_takes_long_to_refuse(part: str) -> None:
    text = (part * 16_384)[:16_384]
    began = time.monotonic()

    with suppress(QueryError):
        read(text, now=NOW)
    complete(text)

    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [
        ("finding.sev", ["finding.severity"]),
        ("findingsev", []),
        ("severity:", ["critical", "high", "medium", "low", "information", "unknown"]),
        ("severity:c", ["critical"]),
        ("severity:[high, c", ["critical"]),
        ("finding.isFound=", ["true", "false"]),
        ("container:(ta", ["tag"]),
        ("container:(layers:(", ["digest", "sizeInBytes"]),
        ("severity:high ", ["AND", "OR"]),
        ("(severity:high) ", ["AND", "OR"]),
        ('cve:"CVE-2024-1" o', ["OR"]),
    ],
)
def test_completion_knows_what_may_come_next(typed: str, suggested: list[str]) -> None:
    found = complete(typed)

    assert [each.text for each in found][: len(suggested) or 1] == suggested
    assert all(each.start <= len(typed) for each in found)


def test_completion_looks_at_what_is_before_the_cursor() -> None:
    (found,) = complete("container.arch AND severity:high", 14)

    assert (found.text, found.start) == ("container.architecture", 0)


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("team/app:1.2.3-rc", ("team", "app", "1.2.3", "rc")),
        ("java.lang.Object, 1,000 x", ("java.lang.object", "1,000", "x")),
        ("end. Next", ("end", "next")),
        ("a_b v1.2", ("a_b", "v1.2")),
        ("50% (of) @scope", ("50", "of", "scope")),
        ("Ünïcode ΣΑΣ", ("ünïcode", "σας")),
        ("", ()),
    ],
)
def test_text_is_cut_into_words_as_documented(text: str, cut: tuple[str, ...]) -> None:
    assert words(text) == cut
