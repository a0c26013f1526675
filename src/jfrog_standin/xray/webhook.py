"""An Xray webhook as a value, and the payload that it is sent. All pure.

Shape: the Terraform provider's xray_webhook and JFrog's knowledge-base article 000006214. How several
violations make one alert is not documented; here they do when one rule of one watch found them at once.
"""

import re
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from yarl import URL

from jfrog_standin.xray.custom_issue import severity_rank
from jfrog_standin.xray.violation import Violation, stamp

SCHEMA = "1.1"
NAME = re.compile(r"[A-Za-z0-9]+")


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """Where Xray tells of new violations; a rule of a policy names it."""

    name: str = ""
    url: str = ""
    description: str = ""
    use_proxy: bool = False
    user_name: str = ""
    password: str = ""
    headers: dict[str, str] | None = None


def broken_webhook(webhook: Webhook) -> str | None:
    """Say why Xray would not take a webhook."""
    if not NAME.fullmatch(webhook.name):
        return "Webhook name must contain only alphanumeric characters"
    try:
        url = URL(webhook.url)
    except ValueError:
        return "Webhook url is no URL"
    return None if url.scheme in {"http", "https"} and url.host else "Webhook url must be http or https"


def payload(violations: Iterable[Violation], *, policy: str, rule: str, at: datetime) -> dict[str, Any]:
    """Write one alert about violations of one watch: an issue stands once, with all its artifacts."""
    found = list(violations)
    by_issue: dict[str, list[Violation]] = {}
    for violation in found:
        by_issue.setdefault(violation.issue.id, []).append(violation)
    return {
        "schema_version": SCHEMA,
        "alert_id": uuid.uuid4().hex,
        "created": stamp(at),
        "top_severity": max((entry.severity for entry in found), key=severity_rank),
        "watch_name": found[0].watch,
        "policy_name": policy,
        "policy_rule": rule,
        "issues": [_issue(same) for same in by_issue.values()],
    }


def _issue(violations: list[Violation]) -> dict[str, Any]:
    first = violations[0]
    cves = [entry.cve for entry in first.issue.cves or () if entry.cve]
    return {
        "severity": first.severity,
        "type": "security",
        "provider": first.issue.provider,
        "created": stamp(first.created),
        "summary": first.issue.summary,
        "description": first.issue.description,
        "vulnerability_id": first.issue.id,
        "cve": cves[0] if cves else "",
        "impacted_artifacts": [_artifact(violation) for violation in violations],
    }


def _artifact(violation: Violation) -> dict[str, Any]:
    """The artifact is itself the infected file: nothing is found inside of files here."""
    name = violation.release.path.rpartition("/")[2]
    shown = {
        "name": name,
        "display_name": f"{violation.release.name}:{violation.release.version}",
        "path": violation.impacted.removesuffix(name),
        "pkg_type": violation.release.package_type.capitalize(),
        "sha256": violation.sha256,
        "sha1": violation.sha1,
        "depth": 0,
        "parent_sha": "",
    }
    inner = {key: value for key, value in shown.items() if key != "sha1"}
    return shown | {"infected_files": [inner | {"depth": 1, "parent_sha": violation.sha256}]}
