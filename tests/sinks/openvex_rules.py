"""The rules of OpenVEX 0.2.0 as its specification states them: no package carries the schema."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

STATUSES = {"not_affected", "affected", "fixed", "under_investigation"}
JUSTIFICATIONS = {
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
}
DOCUMENT = {
    *("@context", "@id", "author", "role", "timestamp", "last_updated", "version", "tooling", "statements")
}
STATEMENT = {
    *("@id", "version", "vulnerability", "timestamp", "last_updated", "products", "status", "supplier"),
    *("status_notes", "justification", "impact_statement", "action_statement", "action_statement_timestamp"),
}
COMPONENT = {"@id", "identifiers", "hashes", "subcomponents"}
VULNERABILITY = {"@id", "name", "description", "aliases"}


def faults(document: dict[str, Any]) -> list[str]:
    """Say what of a document the specification does not allow."""
    found = _unknown("document", document, DOCUMENT)
    for name in ("@context", "@id", "author", "timestamp", "version", "statements"):
        found += [] if document.get(name) else [f"the document lacks {name}"]
    found += [] if document["@context"].startswith("https://openvex.dev/ns") else ["the context is another's"]
    found += [] if isinstance(document["version"], int) else ["the version is no whole number"]
    found += [] if urlsplit(document["@id"]).scheme else ["the document's @id is no IRI"]
    datetime.fromisoformat(document["timestamp"])
    ids = [each.get("@id") for each in document["statements"]]
    found += [] if len(ids) == len(set(ids)) else ["statements share an id"]
    return found + [fault for each in document["statements"] for fault in _statement(each)]


def _statement(statement: dict[str, Any]) -> list[str]:
    found = _unknown("statement", statement, STATEMENT)
    found += _unknown("vulnerability", statement["vulnerability"], VULNERABILITY)
    found += [] if statement["vulnerability"].get("name") else ["a vulnerability has no name"]
    found += [] if statement.get("products") else ["a statement has no product"]
    status = statement.get("status")
    found += [] if status in STATUSES else [f"there is no status {status}"]
    justification = statement.get("justification")
    found += (
        [] if justification is None or justification in JUSTIFICATIONS else ["a justification is unknown"]
    )
    if status == "not_affected" and not (justification or statement.get("impact_statement")):
        found.append("not_affected without a reason")
    if status != "not_affected" and (justification or statement.get("impact_statement")):
        found.append(f"{status} with a reason for not_affected")
    if status == "affected" and not statement.get("action_statement"):
        found.append("affected without an action")
    return found + [fault for product in statement["products"] for fault in _component(product)]


def _component(component: dict[str, Any]) -> list[str]:
    found = _unknown("component", component, COMPONENT)
    found += [] if component.get("@id") or component.get("identifiers") else ["a component has no name"]
    found += _unknown("identifiers", component.get("identifiers", {}), {"purl", "cpe22", "cpe23"})
    found += [] if urlsplit(component.get("@id", "x:")).scheme else ["a component's @id is no IRI"]
    return found + [fault for part in component.get("subcomponents", ()) for fault in _component(part)]


def _unknown(what: str, given: dict[str, Any], known: set[str]) -> list[str]:
    return [f"a {what} has {name}, which is not defined" for name in given.keys() - known]
