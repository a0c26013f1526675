"""What a trial of a map tells before it is used."""

import msgspec

from inventory.transform_records import IMAGE, SCAN
from reedbed.inventory.transform import TransformMap, compile_map, defaults
from reedbed.inventory.transform.document import Row, read_document
from reedbed.inventory.transform.preview import preview
from reedbed.model.records import ImageRecord

NAME = "asset.assetDetail.name"
SEVERITY = "findingGroup.findings[].severity"


def _changed(name: str, target: str, **fields: str) -> TransformMap:
    """Make a default map with another row for a target, or without one."""
    document = read_document(defaults.text(name, 1) or "")
    rows = [row for row in document.rows if row.target != target]
    if fields:
        rows.append(msgspec.convert({"target": target} | fields, Row))
    return compile_map(msgspec.structs.replace(document, name="own", rows=tuple(rows)))


IMAGES = compile_map(defaults.text(defaults.IMAGE, 1) or "")
FINDINGS = compile_map(defaults.text(defaults.VULNERABILITY, 1) or "")


def test_values_that_differ_are_shown_before_and_after() -> None:
    after = _changed(defaults.IMAGE, NAME, expression="upper(imageName)")

    result = preview(after, [("a", IMAGE)], before=IMAGES)

    (difference,) = result.differences
    assert (difference.native, difference.target) == ("a", NAME)
    assert (difference.before, difference.after) == ("docker-local/team/app:1.2.0", "TEAM/APP")


def test_a_difference_of_a_finding_names_it() -> None:
    after = _changed(defaults.VULNERABILITY, SEVERITY)

    result = preview(after, [("a", SCAN)], before=FINDINGS)

    (difference,) = result.differences
    assert difference.finding == "CVE-2021-3711 in pkg:apk/alpine/openssl"
    assert (difference.target, difference.before, difference.after) == (SEVERITY, 5, None)
    assert (result.records, result.findings) == (1, 1)


def test_source_paths_with_values_that_no_row_reads_are_named() -> None:
    result = preview(IMAGES, [("a", IMAGE)])

    assert "storageManifest.path" in result.unread
    assert "imageName" not in result.unread
    assert "blobConfig" not in result.unread
    assert "storageManifest.updated" not in result.unread  # nothing there


def test_a_path_of_a_finding_that_no_row_reads_is_named() -> None:
    after = _changed(defaults.VULNERABILITY, "findingGroup.findings[].attributes.jfrog_references")

    assert "vulnerabilities[].references" in preview(after, [("a", SCAN)]).unread
    assert "vulnerabilities[].references" not in preview(FINDINGS, [("a", SCAN)]).unread


def test_required_targets_without_a_value_are_counted() -> None:
    result = preview(IMAGES, [("a", IMAGE), ("b", ImageRecord(image_name="app"))])

    assert result.empty == {"asset.assetHeader.externalAssetId": 1, "asset.assetHeader.vendorAssetId": 1}
    assert [tally.problem.what for tally in result.problems] == ["it is required, and has no value"] * 2


def test_the_same_map_changes_nothing() -> None:
    assert preview(FINDINGS, [("a", SCAN)], before=FINDINGS).differences == ()
