"""The files under ops/ are read by others; here they are read as those would."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from reedbed.metrics import TABLE

ROOT = Path(__file__).parents[2]
OPS = ROOT / "ops"
METRICS = {metric.name: metric for metric in TABLE}


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((OPS / "prometheus" / "alerts.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_every_alert_asks_for_metrics_and_labels_that_there_are() -> None:
    for rule in alerts():
        named = re.findall(r"(reedbed_[a-z_]+)(?:\{([^}]*)\})?", rule["expr"])
        labels = {label for name, _ in named for label in METRICS[name].labels}
        grouped = re.findall(r"by \(([^)]*)\)", rule["expr"])
        asked = [label.strip() for group in grouped for label in group.split(",")]
        matched = [part.partition("=")[0] for _, matchers in named for part in matchers.split(",") if part]

        assert named, rule["alert"]
        assert {*asked, *matched} <= labels, rule["alert"]


def test_every_alert_has_a_runbook_and_a_severity() -> None:
    for rule in alerts():
        assert (ROOT / rule["annotations"]["runbook"]).is_file(), rule["alert"]
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}, rule["alert"]


def test_the_alerts_of_what_was_promised_are_there() -> None:
    names = {rule["alert"] for rule in alerts()}

    assert names >= {
        "ReedbedDown",
        "ReedbedNoSuccess",
        "ReedbedOutboxOld",
        "ReedbedHeldChanges",
        "ReedbedApiErrors",
        *(f"ReedbedCredentialEndsIn{left}" for left in ("30Days", "7Days", "1Day")),
    }


def test_compose_runs_one_on_sqlite_or_two_on_postgresql() -> None:
    compose = yaml.safe_load((OPS / "container" / "compose.yaml").read_text())
    services = compose["services"]

    by_profile = {
        profile: {name for name, service in services.items() if profile in service["profiles"]}
        for profile in ("sqlite", "postgres")
    }

    assert by_profile == {"sqlite": {"reedbed"}, "postgres": {"worker", "database"}}
    assert services["worker"]["deploy"]["replicas"] == 2
    for service in services.values():
        assert {*service["secrets"]} <= {*compose["secrets"]}


def test_no_secret_is_in_a_variable_of_a_container() -> None:
    compose = yaml.safe_load((OPS / "container" / "compose.yaml").read_text())

    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            assert not re.search(r"TOKEN|SECRET_KEY$|PASSWORD$", name), name
            assert not re.search(r"//[^/@]*:[^/@]*@", value), name


@pytest.mark.parametrize(
    "name", ["systemd/reedbed.service", "container/Containerfile", "container/compose.yaml"]
)
def test_every_setting_in_a_variable_is_one(name: str) -> None:
    variables = {*re.findall(r"\bREEDBED_[A-Z_]+(?==| *:)", (OPS / name).read_text())} - {
        "REEDBED_CONFIG",
        "REEDBED_IMAGE",
    }
    page = (ROOT / "docs" / "reference" / "settings.md").read_text()

    assert variables
    assert [variable for variable in variables if f"`{variable}`" not in page] == []


def test_the_container_takes_its_base_from_outside_and_is_not_root() -> None:
    text = (OPS / "container" / "Containerfile").read_text()

    assert re.search(r"^ARG BASE$", text, re.MULTILINE)
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${BASE}", "${BASE}"]
    assert re.findall(r"^USER (\S+)", text, re.MULTILINE) == ["10001:10001"]
    assert "--require-hashes" in text
    for source in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE):
        assert [part for part in source.split() if not (ROOT / part).exists()] == []


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """Only where systemd is; the program of the unit is replaced by one that every machine has."""
    analyze = shutil.which("systemd-analyze")
    text = (OPS / "systemd" / "reedbed.service").read_text()
    unit = tmp_path / "reedbed.service"
    unit.write_text(text.replace("/opt/reedbed/bin/reedbed", "/bin/true"))

    complaints = ""
    if analyze is not None:
        ran = subprocess.run(
            [analyze, "verify", "--man=no", unit], capture_output=True, text=True, check=False, timeout=120
        )
        complaints = ran.stderr

    assert complaints == ""
    for line in (
        "DynamicUser=yes",
        "ProtectSystem=strict",
        "NoNewPrivileges=yes",
        "LoadCredential=secret-key:",
    ):
        assert f"\n{line}" in text
