"""Maps as wholes: what is refused and how it is told, what records become, and what keeps it in bounds."""

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.transform_records import IMAGE, SCAN, VULNERABILITY
from inventory.transform_strategies import DOCUMENTS, IMAGES, SCANS, of_model
from reedbed.inventory.transform import MapInvalid, TransformMap, compile_map, defaults
from reedbed.inventory.transform.bounds import DEEPEST, LONGEST_TEXT, MOST_ITEMS
from reedbed.inventory.transform.cases import run_tests
from reedbed.inventory.transform.document import (
    LONGEST,
    Document,
    Otherwise,
    Row,
    read_document,
    write_document,
)
from reedbed.model.records import TEXT, ImageRecord, ScanRecord, VulnerabilityRecord

HEADER = "asset.assetHeader."
DETAIL = "asset.assetDetail."
OWN = f"{DETAIL}untypedAttributes.own"
TYPED = f"{DETAIL}typedAttributes.own"
SIZE = f"{DETAIL}containerImageAssetClass.sizeInBytes"
DATE = f"{DETAIL}containerImageAssetClass.creationDate"
DIGESTS = f"{DETAIL}containerImageAssetClass.layers[].digest"
FINDING = "findingGroup.findings[]."
REQUIRED = tuple(
    Row(target=target, constant="x")
    for target in (f"{HEADER}externalAssetId", f"{HEADER}vendorAssetId", f"{DETAIL}name")
)

IMAGE_MAP = compile_map(defaults.text(defaults.IMAGE, 1) or "")
FINDING_MAP = compile_map(defaults.text(defaults.VULNERABILITY, 1) or "")


def _row(**fields: Any) -> Row:
    return Row(**({"target": OWN} | fields))


WRONG: list[tuple[Row, str, str]] = [
    (_row(), "exactly one of", "Leave one"),
    (_row(source="imageName", constant="x"), "exactly one of", "Leave one"),
    (_row(target="asset.assetDetail.nam", constant="x"), "no such target path", "asset.assetDetail.name"),
    (
        _row(target=f"{DETAIL}typedAttributes.a.b", constant="x"),
        "no such target path",
        "typedAttributes.NAME",
    ),
    (_row(source="imageNam"), "the nearest are imageName", "docs/reference/transform-maps.md"),
    (_row(source="imageName.x"), "nothing within", "Mend"),
    (_row(source="imageName[]"), "is no list", "Mend"),
    (_row(source="layers.digest"), "write layers[]", "Mend"),
    (_row(source="lower(imageName)"), "is no path", "Mend"),
    (_row(expression="lowr(imageName)"), "the nearest are lower", "Mend"),
    (_row(expression="lower()"), "it is lower(text)", "Mend"),
    (_row(expression="lower(imageName"), "ends too early", "Mend"),
    (_row(expression='extract(imageName, "(a")'), "is no pattern", "Mend"),
    (_row(expression='extract(imageName, "(?=a)")'), "is no pattern", "Mend"),
    (_row(expression="extract(imageName, imageTag)"), "constants", "Mend"),
    (_row(expression="extract(imageName, 4)"), "4 is no text", "Mend"),
    (_row(expression='map_value(imageName, "a")'), "is no table", "Mend"),
    (_row(expression='map_value(imageName, {"a": 1}, {"b": 2})'), "is no constant", "Mend"),
    (_row(expression='split(imageName, "")'), "no separator", "Mend"),
    (_row(expression="join(imageTags, 1)"), "is no text", "Mend"),
    (_row(expression='to_datetime(imageName, "tomorrow")'), "is no form", "Mend"),
    (_row(expression="concat(imageTags)"), "takes one value", "Mend"),
    (_row(expression='if(imageTags == "a", 1)'), "a list can't be compared", "Mend"),
    (_row(target=SIZE, source="imageName"), "takes a whole number", "to_int"),
    (_row(target=DATE, source="blobConfig.created"), "takes a moment", "to_datetime"),
    (_row(target=DIGESTS, source="imageName"), "a list", "unique"),
    (_row(target=TYPED, source="imageTags"), "takes one value", "first("),
    (_row(constant="x", default="y"), "never used", "on_missing"),
    (_row(source="imageTag", on_missing=Otherwise.DEFAULT), "has none", "default ="),
    (
        _row(target=SIZE, source="ImageSize", on_missing=Otherwise.DEFAULT, default="many"),
        "default is not what",
        "Change",
    ),
    (_row(constant="x", identifier=True), "may not be missing", "required = true"),
    (_row(given="first-found"), "is not given here", "finding-id"),
    (_row(constant=float("nan")), "the constant", "quotes"),
    (_row(target=REQUIRED[0].target, constant="y"), "row 1 writes this target too", "Take one"),
]


@pytest.mark.parametrize(("row", "what", "fix"), WRONG, ids=[what for _, what, _ in WRONG])
def test_a_wrong_row_is_told_by_its_number_with_what_to_do(row: Row, what: str, fix: str) -> None:
    document = Document(
        name="own", source="docker-image", target="container-image-asset", rows=(*REQUIRED, row)
    )

    with pytest.raises(MapInvalid) as caught:
        compile_map(document)

    (fault,) = caught.value.faults
    assert fault.row == 4
    assert what in fault.what
    assert fix in fault.fix


def test_every_fault_is_told_at_once() -> None:
    text = """
name = "own"
source = "docker-image"
target = "container-image-asset"
[[rows]]
target = "asset.assetDetail.name"
from = "imageNme"
[[rows]]
target = "asset.assetDetail.what"
constant = 1
"""

    with pytest.raises(MapInvalid) as caught:
        compile_map(text)

    assert [fault.row for fault in caught.value.faults] == [1, 2, None, None]
    assert "externalAssetId, which is required" in caught.value.faults[2].what


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "no TOML"),
        ("[" * 5_000, "no TOML"),
        ("a = " + "[" * 5_000, "no TOML"),
        ('name = "a"\nsource = "b"\ntarget = "c"\nrowz = 1', "rowz"),
        ('name = "a"\nsource = "b"\ntarget = "c"\nrows = 1', "rows are not a list"),
        ('name = "a"\nsource = "b"\ntarget = "c"\n[[rows]]\ntarget = "t"\nfrm = "x"', "frm"),
        ('name = "a"\nsource = "b"\ntarget = "c"\n[[rows]]\ntarget = 1', "str"),
        ('name = "a"\nsource = "docker-image"\ntarget = "finding"', "can't be made of"),
        ('name = "a"\nsource = "b"\ntarget = "c"', "no source model"),
        ('name = "a@1"\nsource = "docker-image"\ntarget = "container-image-asset"', "name"),
        (f'name = "{"a" * LONGEST}"', "bytes"),
    ],
)
def test_a_text_that_is_no_map_is_refused(text: str, said: str) -> None:
    with pytest.raises(MapInvalid) as caught:
        compile_map(text)

    assert said in str(caught.value)


def test_a_finding_s_field_is_not_written_to_its_asset() -> None:
    rows = (
        *REQUIRED,
        Row(target=f"{FINDING}externalFindingId", source="vulnerabilities[].externalFindingId"),
    )
    wrong = Row(target=OWN, source="vulnerabilities[].cve")
    document = Document(
        name="own", source="docker-image-vulnerability", target="finding", rows=(*rows, wrong)
    )

    with pytest.raises(MapInvalid) as caught:
        compile_map(document)

    assert [fault.row for fault in caught.value.faults] == [5]
    assert "of which there are many" in caught.value.faults[0].what


@given(DOCUMENTS)
def test_what_is_written_as_toml_reads_as_what_it_was(document: Document) -> None:
    assert read_document(write_document(document)) == document


@pytest.mark.parametrize("key", defaults.FILES, ids=lambda key: key[0])
def test_a_default_map_survives_being_written(key: tuple[str, int]) -> None:
    document = read_document(defaults.text(*key) or "")

    assert read_document(write_document(document)) == document


@pytest.mark.parametrize(
    ("otherwise", "made"),
    [(Otherwise.OMIT, {}), (Otherwise.NULL, {OWN: None}), (Otherwise.DEFAULT, {OWN: 7})],
)
def test_a_row_says_what_becomes_of_a_missing_and_of_a_wrong_value(
    otherwise: Otherwise, made: dict[str, Any]
) -> None:
    default = 7 if otherwise is Otherwise.DEFAULT else None
    missing = _row(source="imageTag", on_missing=otherwise, default=default)
    wrong = _row(expression="to_int(imageName)", on_error=otherwise, default=default)

    of_missing, of_wrong = (
        compile_map(_of_image(row)).apply(ImageRecord(image_name="app")) for row in (missing, wrong)
    )

    assert {key: value for key, value in of_missing.asset.items() if key == OWN} == made
    assert {key: value for key, value in of_wrong.asset.items() if key == OWN} == made
    assert of_missing.problems == ()
    assert [problem.what for problem in of_wrong.problems] == ["'app' is no whole number"]


def test_a_required_row_without_a_value_is_reported_and_counted() -> None:
    transform = compile_map(_of_image(_row(source="imageTag", required=True)))

    for _ in range(3):
        transform.asset(ImageRecord(image_name="app"))

    (tally,) = transform.problems.take()
    assert (tally.problem.row, tally.problem.what, tally.times) == (4, "it is required, and has no value", 3)
    assert transform.problems.take() == []


def test_a_value_of_another_kind_than_its_target_takes_is_an_error() -> None:
    row = Row(target=f"{DETAIL}containerImageAssetClass.architecture", source="blobConfig.architecture")
    transform = compile_map(_of_image(row))

    mapped = transform.apply(ImageRecord(image_name="app", blob_config={"architecture": ["arm64"]}))

    assert row.target not in mapped.asset
    assert "is not what" in mapped.problems[0].what


def test_lists_stay_side_by_side_where_an_item_is_missing() -> None:
    rows = (
        Row(target=DIGESTS, source="layers[].digest"),
        Row(target=DIGESTS.replace("digest", "sizeInBytes"), source="layers[].size"),
    )
    layers = (IMAGE.layers[0], msgspec.structs.replace(IMAGE.layers[1], size=None))

    mapped = compile_map(_of_image(*rows)).asset(msgspec.structs.replace(IMAGE, layers=layers))

    assert mapped[rows[1].target] == [1_000, None]
    assert len(mapped[DIGESTS]) == 2


def test_what_reads_only_the_advisory_is_apart_from_what_reads_the_component() -> None:
    other = msgspec.structs.replace(
        VULNERABILITY, component="pkg:apk/alpine/libssl", found=(), impact_path=()
    )

    text, own = FINDING_MAP.text(VULNERABILITY), FINDING_MAP.finding(VULNERABILITY)

    assert FINDING_MAP.text(other) == text
    assert FINDING_MAP.finding(other) != own
    assert not text.keys() & own.keys()
    assert text.keys() | own.keys() < FINDING_MAP.apply(SCAN).findings[0].keys()  # and what reads the image
    assert f"{FINDING}severity" in text
    assert f"{FINDING}attributes.jfrog_fixedVersions" in own


@pytest.mark.parametrize("name", TEXT)
def test_no_field_of_a_text_changes_the_rest_of_a_finding(name: str) -> None:
    blank = VulnerabilityRecord()
    changed = msgspec.structs.replace(VULNERABILITY, **{name: getattr(blank, name)})
    of_both = {f"{FINDING}name", f"{FINDING}solutionRecommendation"}

    before, after = FINDING_MAP.finding(VULNERABILITY), FINDING_MAP.finding(changed)

    assert {target for target in before if before[target] != after.get(target)} <= of_both


def test_both_image_maps_say_the_same_of_an_image() -> None:
    of_image, of_scan = IMAGE_MAP.asset(IMAGE), FINDING_MAP.asset(SCAN)

    assert of_scan.items() <= of_image.items()


def test_what_no_record_tells_is_named_and_not_made() -> None:
    assert FINDING_MAP.given == {
        f"{FINDING}externalFindingId": "finding-id",
        f"{FINDING}firstFoundOn": "first-found",
    }
    assert FINDING_MAP.apply(SCAN).findings[0].keys().isdisjoint(FINDING_MAP.given)


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("Critical", 5),
        (" high ", 4),
        ("MEDIUM", 3),
        ("Low", 2),
        ("Information", 1),
        ("Unknown", 0),
        ("Bad", 0),
    ],
)
def test_a_severity_that_is_not_known_is_never_taken_for_low(word: str, number: int) -> None:
    one = msgspec.structs.replace(VULNERABILITY, severity=word)

    assert FINDING_MAP.text(one)[f"{FINDING}severity"] == number


@pytest.mark.parametrize(
    ("written", "score"),
    [
        ("9.8/CVSS:3.1/AV:N", 9.8),
        ("5.9", 5.9),
        ("10.0", 10.0),
        ("10.1", None),
        ("CVSS:3.1/AV:N", None),
        ("", None),
    ],
)
def test_a_score_is_read_however_jfrog_writes_it(written: str, score: float | None) -> None:
    one = msgspec.structs.replace(VULNERABILITY, cvss_v3=written)

    assert FINDING_MAP.text(one).get(f"{FINDING}findingType.vulnerability.cvss.cvss3Base") == score


@settings(max_examples=60)
@given(IMAGES)
def test_the_image_map_takes_whatever_an_image_holds(record: ImageRecord) -> None:
    mapped = IMAGE_MAP.apply(record)

    assert _within_bounds(mapped.asset)
    assert msgspec.json.decode(msgspec.json.encode(mapped.asset)) == mapped.asset


@settings(max_examples=60)
@given(SCANS)
def test_the_vulnerability_map_takes_whatever_a_scan_holds(record: ScanRecord) -> None:
    mapped = FINDING_MAP.apply(record)

    assert len(mapped.findings) == len(record.vulnerabilities)
    assert all(map(_within_bounds, mapped.findings))
    assert msgspec.json.encode(mapped.findings)


@settings(max_examples=150)
@given(of_model("docker-image-vulnerability", "finding"), SCANS)
def test_a_map_at_random_is_refused_or_makes_something_of_every_record(
    document: Document, record: ScanRecord
) -> None:
    lacking = {row.target for row in document.rows}
    required = [Row(target=target, constant="x") for target in sorted(FINDING_MAP.target.required - lacking)]
    transform = _compiled(msgspec.structs.replace(document, rows=(*document.rows, *required)))
    if transform is None:
        return

    mapped = transform.apply(record)

    assert _within_bounds(mapped.asset)
    assert all(map(_within_bounds, mapped.findings))


@settings(max_examples=100)
@given(st.text(max_size=200) | DOCUMENTS.map(write_document))
def test_any_text_is_a_map_or_refused(text: str) -> None:
    _compiled(text)


def _compiled(document: Document | str) -> TransformMap | None:
    """Compile a map; None: it was refused."""
    with suppress(MapInvalid):
        return compile_map(document)
    return None


def test_hostile_values_are_cut_and_told() -> None:
    deep: Any = "end"
    for _ in range(DEEPEST + 50):
        deep = [deep]
    config: dict[str, Any] = {
        "architecture": "a" * (LONGEST_TEXT + 1),
        "history": [{"created_by": "x"}] * (MOST_ITEMS + 1),
        "rootfs": {"diff_ids": deep},
        "config": {"Cmd": ["\x1b[2J", "=cmd|'/c calc'!A1", "\u202e"], "Labels": {"a": 2**100}},
    }

    mapped = IMAGE_MAP.apply(ImageRecord(image_name="a", blob_config=config))

    cut = {problem.target.rpartition(".")[2] for problem in mapped.problems if "was cut" in problem.what}
    assert cut == {
        "architecture",
        "jfrog_container_history",
        "jfrog_container_uncompressed_layers",
        "jfrog_container_labels",
    }
    assert mapped.asset[f"{DETAIL}untypedAttributes.jfrog_container_cmd"] == config["config"]["Cmd"]
    assert _within_bounds(mapped.asset)


def test_a_map_s_own_tests_are_run() -> None:
    text = f"""
{write_document(_of_image(_row(expression='coalesce(first(properties.team), "nobody")')))}
[[tests]]
name = "right"
record = {{ imageName = "app", properties = {{ team = ["blue"] }} }}
expect = {{ "{OWN}" = "blue" }}

[[tests]]
name = "wrong"
record = {{ imageName = "app" }}
expect = {{ "{OWN}" = "blue" }}

[[tests]]
name = "no record"
record = {{ imageName = 4 }}
expect = {{ }}
"""

    right, wrong, none = run_tests(compile_map(text))

    assert right.passed
    assert [(each.expected, each.made) for each in wrong.different] == [("blue", "nobody")]
    assert "imageName" in none.unreadable


def _of_image(*rows: Row) -> Document:
    return Document(
        name="own", source="docker-image", target="container-image-asset", rows=(*REQUIRED, *rows)
    )


def _within_bounds(value: Any, depth: int = 0) -> bool:
    match value:
        case str():
            return len(value) <= LONGEST_TEXT
        case list():
            return len(value) <= MOST_ITEMS and all(_within_bounds(each, depth + 1) for each in value)
        case dict():
            return len(value) <= MOST_ITEMS and all(
                _within_bounds(each, depth + 1) for each in value.values()
            )
    return depth <= DEEPEST + 1
