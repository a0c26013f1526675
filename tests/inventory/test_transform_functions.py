"""Each function of the language, with what it makes of values that suit it, and of those that do not."""

import time
from typing import Any

import pytest

from reedbed.inventory.transform.compiled import compile_map
from reedbed.inventory.transform.document import Document, Row
from reedbed.model.records import RepositoryRecord

OWN = "asset.assetDetail.untypedAttributes.own"
ASSET = ("asset.assetHeader.externalAssetId", "asset.assetHeader.vendorAssetId", "asset.assetDetail.name")
BASE = tuple(Row(target=target, constant="x") for target in ASSET)

RECORD = RepositoryRecord(
    key="Libs-Release",
    description="  token=abc123  2.11 MB, 1626000000, yes; a,b,,c ",
    notes="2021-11-18T02:00:00.412+02:00",
    environments=("PROD", "DEV", "PROD"),
    members=("v1.2", "x", "v3"),
    xray_index=True,
    used_bytes=2_048,
    artifact_count=0,
)

MADE: list[tuple[str, Any]] = [
    ("coalesce(project, upstreamUrl, key)", "Libs-Release"),
    ("coalesce(project, environments)", ["PROD", "DEV", "PROD"]),
    ("coalesce(project)", None),
    ('coalesce(project, upstreamUrl, "none")', "none"),
    ('first(project, "none")', "none"),
    ('concat(key, "/", usedBytes, " ", xrayIndex)', "Libs-Release/2048 true"),
    ('concat("(", project, ")")', None),
    ('concat("a", "b")', "ab"),
    ('concat(concat(":", project), key)', "Libs-Release"),
    ("lower(key)", "libs-release"),
    ("upper(key)", "LIBS-RELEASE"),
    ("lower(environments)", ["prod", "dev", "prod"]),
    ("trim(description)", "token=abc123  2.11 MB, 1626000000, yes; a,b,,c"),
    ('split(key, "-")', ["Libs", "Release"]),
    ('split(project, "-")', None),
    ('join(environments, "+")', "PROD+DEV+PROD"),
    ('join(split("a,,b", ","), "")', "ab"),
    ('extract(key, "^([A-Z][a-z]+)-")', "Libs"),
    ('extract(key, "[a-z]+")', "ibs"),
    ('extract(key, "z")', None),
    ('extract(members, "^v[0-9]+")', ["v1", "v3"]),
    ('map_value(key, {"Libs-Release": 7}, 0)', 7),
    ('map_value(notes, {"Libs-Release": 7}, 0)', 0),
    ('map_value(notes, {"Libs-Release": 7})', None),
    ('map_value(environments, {"PROD": "p"}, "?")', ["p", "?", "p"]),
    ('map_value(xrayIndex, {"true": "indexed"})', "indexed"),
    ('to_int(" 42 ")', 42),
    ('to_int("-3")', -3),
    ("to_int(2.0)", 2),
    ("to_int(true)", 1),
    ('to_float("9.8")', 9.8),
    ("to_float(usedBytes)", 2048.0),
    ('to_bool("Yes")', True),
    ("to_bool(artifactCount)", False),
    ("to_datetime(notes)", "2021-11-18T00:00:00.412000Z"),
    ('to_datetime("2026-02-03T04:05:06.123456789Z")', "2026-02-03T04:05:06.123456Z"),
    ('to_datetime("2026-02-03")', "2026-02-03T00:00:00Z"),
    ('to_datetime("03.02.2026", "%d.%m.%Y")', "2026-02-03T00:00:00Z"),
    ('to_datetime(1626000000, "epoch")', "2021-07-11T10:40:00Z"),
    ('to_datetime(1626000000000, "epoch_ms")', "2021-07-11T10:40:00Z"),
    ("to_datetime(project)", None),
    ('bytes("2.11 MB")', 2212495),
    ('bytes("12 bytes")', 12),
    ('bytes("1KiB")', 1024),
    ("bytes(usedBytes)", 2048),
    ("first(environments)", "PROD"),
    ("first(project, members)", "v1.2"),
    ("max(environments)", "PROD"),
    ("min(usedBytes, artifactCount)", 0),
    ("max(project)", None),
    ("unique(environments)", ["PROD", "DEV"]),
    ("unique(environments, key)", ["PROD", "DEV", "Libs-Release"]),
    ("redact(trim(description))", "token=[redacted]  2.11 MB, 1626000000, yes; a,b,,c"),
    ("hash(project)", None),
    ('hash("a")', "0eb5b8d6f81bc677da8a08567cc4fa9a06a57e9ec8da85ed73a7f62727996002"),
    ('purl("npm", "@a/b", "1.0.0")', "pkg:npm/%40a/b@1.0.0"),
    ('purl("pypi", "Flask_Login")', "pkg:pypi/flask-login"),
    ('purl("npm", project)', None),
    ('if(xrayIndex, "yes", "no")', "yes"),
    ('if(project, "yes")', None),
    ('if(artifactCount == 0, "none", "some")', "none"),
    ('if(not project and (usedBytes > 1000 or key == "x"), "big")', "big"),
    ('if(project < "a", 1, 2)', 2),
    ('if(project != "a", 1, 2)', 1),
    ('if(key >= "M", 1, 2)', 2),
]

REFUSED = [
    'to_int("4.5")',
    'to_int("1e5")',
    'to_int("²")',
    'to_float("nan")',
    'to_float("inf")',
    'to_bool("perhaps")',
    'to_datetime("yesterday")',
    'to_datetime("9999999999999999", "epoch")',
    'to_datetime("0001-01-01T00:00:00+23:59")',
    'bytes("many")',
    'bytes("-1 MB")',
    'purl("cobol", "a")',
    'purl("npm", "../a")',
    "max(key, usedBytes)",
    "if(key < usedBytes, 1)",
]


@pytest.mark.parametrize(("expression", "value"), MADE, ids=[text for text, _ in MADE])
def test_a_function_makes_what_it_says(expression: str, value: Any) -> None:
    mapped = compile_map(_map(expression)).apply(RECORD)

    assert mapped.asset.get(OWN) == value
    assert mapped.problems == ()


@pytest.mark.parametrize("expression", REFUSED)
def test_a_function_refuses_what_it_can_make_nothing_of(expression: str) -> None:
    mapped = compile_map(_map(expression)).apply(RECORD)

    assert OWN not in mapped.asset
    assert [problem.row for problem in mapped.problems] == [4]


def test_no_pattern_takes_longer_than_its_text() -> None:
    transform = compile_map(_map('extract(description, "^(a+)+$|(.*)*b$|(x?){30}x{30}")'))
    record = RepositoryRecord(key="a", description="a" * 200_000 + "!")

    began = time.process_time()
    mapped = transform.apply(record)

    assert OWN not in mapped.asset
    assert time.process_time() - began < 10  # Python's `re` would need longer than the universe has


def _map(expression: str) -> Document:
    rows = (*BASE, Row(target=OWN, expression=expression))
    return Document(name="own", source="repository", target="repository-asset", rows=rows)
