"""SARIF, CycloneDX and OpenVEX, each held against its public schema or specification."""

import json
import re
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from msgspec.structs import replace
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SarifLog

from reedbed.errors import SettingsError
from reedbed.model.exports import Finding
from reedbed.model.inventory import Severity, Status, Triage
from reedbed.sinks import cyclonedx, openvex, sarif
from sinks.openvex_rules import faults
from sinks.rows import AT, HEAD, Rows, finding, hostile, image, whole

TWO = [image(), image("team/api", "sha256:" + "ef" * 32, "2.0")]


def _many() -> list[Finding]:
    return [finding(images=TWO), finding("CVE-2026-2222"), finding("XRAY-9")]


async def _sarif(rows: Rows) -> dict[str, Any]:
    text = await whole(sarif.write(rows, HEAD))
    SarifLog.model_validate_json(text)
    read: dict[str, Any] = json.loads(text)
    return read


async def test_a_sarif_log_is_valid_with_one_rule_a_vulnerability_and_one_result_a_finding() -> None:
    (run,) = (await _sarif(Rows(_many())))["runs"]

    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [
        "CVE-2026-1111",
        "CVE-2026-2222",
        "XRAY-9",
    ]
    assert run["tool"]["driver"]["rules"][0]["properties"]["security-severity"] == "9.8"
    first = run["results"][0]
    assert first["level"] == "error"
    assert len(first["locations"]) == 2
    where = first["locations"][0]
    assert where["physicalLocation"]["artifactLocation"]["uri"].startswith(
        "oci://jfrog.example/docker-local/"
    )
    assert where["logicalLocations"][0]["fullyQualifiedName"] == "pkg:deb/debian/openssl@3.0.7-1"
    assert first["partialFingerprints"] == {"reedbedFinding/v1": finding().id}
    assert run["properties"]["query"] == HEAD.query


async def test_findings_that_were_set_aside_are_suppressed_in_sarif() -> None:
    aside = replace(finding(), triage=Triage.NOT_AFFECTED, justification="component_not_present", note="gone")

    (run,) = (await _sarif(Rows([aside, finding("CVE-2026-2222")])))["runs"]

    assert (
        run["results"][0]["suppressions"][0]["justification"] == "not-affected: component_not_present: gone"
    )
    assert "suppressions" not in run["results"][1]


async def test_an_unknown_severity_is_no_note_in_sarif() -> None:
    (run,) = (await _sarif(Rows([replace(finding(), severity=Severity.UNKNOWN)])))["runs"]

    assert run["results"][0]["level"] == "warning"


async def test_a_sarif_log_of_hostile_names_and_one_of_nothing_are_valid() -> None:
    (run,) = (await _sarif(Rows(hostile())))["runs"]
    (empty,) = (await _sarif(Rows([])))["runs"]

    assert len(run["results"]) == len(hostile())
    assert empty["results"] == []


async def _cyclonedx(rows: Rows, *, vex: bool = False) -> dict[str, Any]:
    text = (await whole(cyclonedx.write(rows, HEAD, vex=vex))).decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    read: dict[str, Any] = json.loads(text)
    return read


async def test_a_vulnerability_report_is_valid_and_every_affected_component_is_in_it() -> None:
    bom = await _cyclonedx(Rows(_many(), TWO))

    inside = {package["bom-ref"] for each in bom["components"] for package in each["components"]}
    affected = {each["ref"] for one in bom["vulnerabilities"] for each in one["affects"]}
    assert affected == inside
    assert len(bom["components"]) == 2
    first = bom["vulnerabilities"][0]
    assert first["cwes"] == [787]
    assert first["ratings"][0]["method"] == "CVSSv31"
    assert first["recommendation"] == "Upgrade debian/openssl to 3.0.8-1."
    assert all("analysis" not in each for each in bom["vulnerabilities"])


@pytest.mark.parametrize("triage", Triage)
async def test_each_triage_has_a_valid_state_in_vex(triage: Triage) -> None:
    judged = replace(
        finding(), triage=triage, justification="vulnerable_code_not_in_execute_path", note="seen"
    )

    bom = await _cyclonedx(Rows([judged], TWO), vex=True)

    assert bom["vulnerabilities"][0]["analysis"]["state"] == cyclonedx.STATE[triage]
    assert bom["vulnerabilities"][0]["analysis"]["justification"] == "code_not_reachable"


async def test_what_is_fixed_is_resolved_in_vex() -> None:
    fixed = replace(finding(), status=Status.FIXED, fixed_because="the images that had it were replaced")

    bom = await _cyclonedx(Rows([fixed], TWO), vex=True)

    assert bom["vulnerabilities"][0]["analysis"] == {
        "state": "resolved",
        "detail": "the images that had it were replaced",
    }


async def test_boms_of_hostile_names_and_of_nothing_are_valid() -> None:
    assert len((await _cyclonedx(Rows(hostile(), TWO), vex=True))["vulnerabilities"]) == len(hostile())
    assert (await _cyclonedx(Rows([])))["vulnerabilities"] == []


def test_weaknesses_without_a_number_are_left_out() -> None:
    assert cyclonedx.cwes(["CWE-79", "cwe-79", "NVD-CWE-noinfo", "CWE-0", "CWE-²", "CWE-" + "9" * 400]) == [
        79
    ]


async def _openvex(rows: Rows) -> dict[str, Any]:
    text = await whole(openvex.write(rows, HEAD, author="security@example.com"))
    read: dict[str, Any] = json.loads(text)
    assert faults(read) == []
    return read


async def test_an_openvex_document_says_of_each_finding_which_images_have_it() -> None:
    document = await _openvex(Rows(_many()))

    first = document["statements"][0]
    assert first["vulnerability"] == {"name": "CVE-2026-1111", "aliases": ["XRAY-1"]}
    assert len(first["products"]) == 2
    assert first["products"][0]["@id"] == (
        f"pkg:oci/app@sha256%3A{'ab' * 32}?repository_url=jfrog.example/docker-local/team/app&tag=1.4"
    )
    assert first["products"][0]["subcomponents"][0]["@id"] == "pkg:deb/debian/openssl@3.0.7-1"
    assert first["status"] == "under_investigation"


@pytest.mark.parametrize("triage", Triage)
@pytest.mark.parametrize("justification", [None, "component_not_present", "in my own words"])
@pytest.mark.parametrize("note", [None, "  ", "seen by alice"])
async def test_every_judgement_makes_a_statement_that_the_specification_allows(
    triage: Triage, justification: str | None, note: str | None
) -> None:
    judged = replace(finding(), triage=triage, justification=justification, note=note, fix_version=None)

    document = await _openvex(Rows([judged]))

    assert document["statements"][0]["status"] == openvex.STATUS[triage]


async def test_what_is_fixed_is_fixed_in_openvex() -> None:
    document = await _openvex(Rows([replace(finding(), status=Status.FIXED)]))

    assert document["statements"][0]["status"] == "fixed"


async def test_hostile_names_make_a_valid_openvex_document() -> None:
    document = await _openvex(Rows(hostile()))

    assert all(re.fullmatch(r"[!-~]+", p["@id"]) for each in document["statements"] for p in each["products"])


async def test_openvex_of_nothing_is_refused_for_it_would_not_be_valid() -> None:
    with pytest.raises(SettingsError, match="nothing to say"):
        await whole(openvex.write(Rows([replace(finding(), places=())]), HEAD, author="x"))


@pytest.mark.parametrize("write", [sarif.write, lambda s, h: cyclonedx.write(s, h, vex=True)])
async def test_the_same_rows_give_the_same_bytes(write: Any) -> None:
    assert await whole(write(Rows(_many(), TWO), HEAD)) == await whole(write(Rows(_many(), TWO), HEAD))
    assert AT.isoformat()[:19] in (await whole(write(Rows(_many(), TWO), HEAD))).decode()
