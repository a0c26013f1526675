"""OpenVEX 0.2.0 (github.com/openvex/spec): one statement a finding, about the images that have it."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from reedbed.errors import SettingsError
from reedbed.model.exports import Finding, Head, Source, image_purl, named, release
from reedbed.model.inventory import Status, Triage
from reedbed.sinks.streaming import array, given, opened

STATUS = {
    Triage.OPEN: "under_investigation",
    Triage.IN_REVIEW: "under_investigation",
    Triage.AFFECTED: "affected",
    Triage.NOT_AFFECTED: "not_affected",
    Triage.FALSE_POSITIVE: "not_affected",
    Triage.RISK_ACCEPTED: "affected",
    Triage.SUPPRESSED: "under_investigation",
}

JUSTIFICATIONS = frozenset(
    {
        "component_not_present",
        "vulnerable_code_not_present",
        "vulnerable_code_not_in_execute_path",
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "inline_mitigations_already_exist",
    }
)


async def write(source: Source, head: Head, *, author: str) -> AsyncIterator[bytes]:
    """Write one document.

    Raises:
        SettingsError: no finding is in an image: a document without a statement would not be valid.
    """
    name = uuid5(NAMESPACE_URL, f"reedbed:openvex:{head.as_of.isoformat()}:{head.query}")
    statements = _some(_statements(source))
    first = await anext(statements, None)
    if first is None:
        raise SettingsError(
            "There is nothing to say in OpenVEX",
            why="no finding that was asked for is in an image, and a document needs a statement",
            fix="Ask for more findings.",
        )
    yield opened(
        {
            "@context": "https://openvex.dev/ns/v0.2.0",
            "@id": f"urn:uuid:{name}",
            "author": author,
            "timestamp": head.as_of,
            "version": 1,
            "tooling": f"reedbed {head.version}",
        }
    )
    yield b',"statements":'
    async for chunk in array(_again(first, statements)):
        yield chunk
    yield b"}\n"


Statements = AsyncIterator[Sequence[dict[str, Any]]]


async def _some(pages: Statements) -> Statements:
    async for page in pages:
        if page:
            yield page


async def _again(first: Sequence[dict[str, Any]], rest: Statements) -> Statements:
    yield first
    async for page in rest:
        yield page


async def _statements(source: Source) -> Statements:
    async for some in source.findings():
        yield [made for finding in some if (made := _statement(finding))]


def _statement(finding: Finding) -> dict[str, Any] | None:
    products = _products(finding)
    if not products:
        return None
    status = "fixed" if finding.status is Status.FIXED else STATUS[finding.triage]
    aliases = [finding.issue] if finding.issue and finding.issue != finding.vulnerability else None
    return given(
        [
            ("@id", f"urn:reedbed:{finding.id}"),
            ("vulnerability", given([("name", finding.vulnerability), ("aliases", aliases)])),
            ("products", products),
            ("status", status),
            *_reasons(finding, status),
        ]
    )


def _reasons(finding: Finding, status: str) -> list[tuple[str, Any]]:
    """What a status needs: a justification or an impact for `not_affected`, an action for `affected`."""
    note = (finding.note or "").strip()
    match status:
        case "not_affected":
            justification = finding.justification if finding.justification in JUSTIFICATIONS else None
            impact = note or ("It was found by mistake." if not justification else None)
            return [("justification", justification), ("impact_statement", impact)]
        case "affected":
            return [("action_statement", note or _action(finding))]
        case _:
            return [("status_notes", note or None)]


def _action(finding: Finding) -> str:
    if finding.triage is Triage.RISK_ACCEPTED:
        return "The risk is accepted."
    if finding.fix_version:
        return f"Upgrade {named(finding.component)} to {finding.fix_version}."
    return "No version that mends it is known."


def _products(finding: Finding) -> list[dict[str, Any]]:
    """The images, each once, with the versions of the component in it."""
    products: dict[str, dict[str, Any]] = {}
    for place in finding.places:
        purl = image_purl(place)
        if purl is None:
            continue
        product = products.setdefault(purl, {"@id": purl, "identifiers": {"purl": purl}, "subcomponents": []})
        inside = release(finding.component, place.version)
        part = {"@id": inside, "identifiers": {"purl": inside}} if inside else None
        if part and part not in product["subcomponents"]:
            product["subcomponents"].append(part)
    return [given(product.items()) for product in products.values()]
