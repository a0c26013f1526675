"""The query language by plain means: what a query asks for of an inventory that is held in memory."""

import string
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from inventory.population import NOW, Finding, Image, Population
from reedbed.model.inventory import AssetClass, Triage
from reedbed.model.query.tokens import Group, Token, View
from reedbed.model.query.tree import (
    Affix,
    Between,
    Compare,
    Either,
    Equal,
    Every,
    Free,
    Inside,
    Missing,
    Node,
    Not,
    OneOf,
    Test,
    Words,
)
from reedbed.model.query.words import words
from reedbed.model.ratings import score

Thing = dict[str, Any]
"""What a group's thing has: token → value, a list where it has several, None where none."""

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class Evaluator:
    def __init__(self, population: Population) -> None:
        self._all = population
        self._images = {image.asset.id: image for image in population.images}

    def ask(self, node: Node, view: View) -> set[str]:
        if view is View.ASSETS:
            return {i.asset.id for i in self._all.images if self._holds(node, i)}
        return {f.row.id for f in self._all.findings if self._holds(node, f)}

    def _holds(self, node: Node, row: Image | Finding) -> bool:
        match node:
            case Every(parts=parts):
                return all(self._holds(part, row) for part in parts)
            case Either(parts=parts):
                return any(self._holds(part, row) for part in parts)
            case Not(part=part):
                return not self._holds(part, row)
            case Free(test=test):
                return self._free(test, row)
            case Inside(group=group, part=part):
                return any(self._meets(part, thing, row) for thing in self._things(group, row, _names(part)))
            case Compare() | Missing():
                return self._dotted(node, row)

    def _dotted(self, node: Compare | Missing, row: Image | Finding) -> bool:
        things = self._things(node.token.group, row, {node.token.name})
        met = [self._meets(node, thing, row) for thing in things]
        return any(met) if isinstance(node, Compare) else all(met)

    def _meets(self, node: Node, thing: Thing, row: Image | Finding) -> bool:
        match node:
            case Every(parts=parts):
                return all(self._meets(part, thing, row) for part in parts)
            case Either(parts=parts):
                return any(self._meets(part, thing, row) for part in parts)
            case Not(part=part):
                return not self._meets(part, thing, row)
            case Inside(group=group, part=part):
                about = self._images.get(thing.get("", ""), row)
                return any(
                    self._meets(part, each, about) for each in self._things(group, about, _names(part))
                )
            case Compare(token=token, test=test):
                return _fits(token, test, thing.get(token.name))
            case Missing(token=token):
                return _is_missing(thing, token)
        raise AssertionError(node)

    def _free(self, test: Words, row: Image | Finding) -> bool:
        texts = self._finding_texts(row) if isinstance(row, Finding) else self._asset_texts(row)
        if test.adjacent:
            return any(_has(test, text) for text in texts)
        return all(any(_has(Words(words=(word,)), text) for text in texts) for word in test.words)

    def _finding_texts(self, finding: Finding) -> list[str]:
        row, scope = finding.row, finding.scope
        told = self._all.advisories.get(row.vulnerability)
        said = [told.description] if told else []
        return [row.vulnerability, row.title, _component(row.component), scope.path, scope.repository, *said]

    def _asset_texts(self, image: Image) -> list[str]:
        asset = image.asset
        return [asset.name, asset.repository or "", asset.path or ""]

    def _things(self, group: Group, row: Image | Finding, asked: set[str]) -> list[Thing]:
        if isinstance(row, Image):
            return self._of(group, row, asked)
        if asked and asked <= _OWN.get(group, set()):
            return [self._own(group, row)]
        match group:
            case Group.FINDING:
                return [self._finding(row)]
            case Group.REPOSITORY:
                return self._repositories(row.scope.connection, {row.scope.repository})
            case Group.SOFTWARE:
                return [self._component_in(row, each) for each in row.occurring if not each.gone]
        return [
            thing
            for image in self._standing(row)
            for thing in self._of(group, image, asked | {""})
            if group is not Group.CONTAINER
            or (thing["repository"], thing["name"]) == (row.scope.repository, row.scope.path)
        ]

    def _of(self, group: Group, image: Image, asked: set[str]) -> list[Thing]:
        reached: dict[Group, Callable[[Image, set[str]], list[Thing]]] = {
            Group.ASSET: self._asset,
            Group.TAG: _tagged("name", "user", "rule"),
            Group.INVENTORY: self._inventory,
            Group.CONTAINER: self._container,
            Group.LAYERS: self._layers,
            Group.LABELS: _tagged("key", "label"),
            Group.REPOSITORY: self._repository,
            Group.SOFTWARE: self._software,
            Group.ATTRIBUTES: _tagged("key", "property", "repository"),
            Group.FINDING: self._findings,
        }
        return reached[group](image, asked)

    def _standing(self, finding: Finding) -> list[Image]:
        ids = {each.asset for each in finding.occurring if not each.gone}
        return [self._images[each] for each in sorted(ids)]

    def _own(self, group: Group, finding: Finding) -> Thing:
        row, scope = finding.row, finding.scope
        return {
            Group.INVENTORY: {
                "source": "JFrog",
                "connector.name": scope.connection,
                "connector.id": scope.connection,
            },
            Group.CONTAINER: {"repository": scope.repository, "name": scope.path},
            Group.REPOSITORY: {"key": scope.repository},
            Group.SOFTWARE: {
                "purl": row.component,
                "name": _component(row.component),
                "type": row.package_type,
            },
        }[group]

    def _asset(self, image: Image, _: set[str]) -> list[Thing]:
        asset = image.asset
        thing = {
            "": asset.id,
            "name": asset.name,
            "assetTypeName": asset.asset_class,
            "externalAssetId": asset.id,
            "vendorAssetId": asset.vendor_id,
            "criticalityScore": image.criticality,
            "owner": image.owner,
            "firstFoundDate": image.first_seen_at,
            "lastFoundDate": image.first_seen_at,
            "lifecycle": asset.lifecycle,
            "riskScore": image.score,
        }
        return [thing]

    def _inventory(self, image: Image, _: set[str]) -> list[Thing]:
        thing = {
            "source": "JFrog",
            "connector.name": image.connection,
            "connector.id": image.connection,
            "createdDate": image.first_seen_at,
            "lastFoundDate": image.first_seen_at,
            "nativeId": image.asset.native,
        }
        return [thing]

    def _container(self, image: Image, asked: set[str]) -> list[Thing]:
        asset = image.asset
        if asset.asset_class is not AssetClass.IMAGE:
            return []
        thing = {
            "": asset.id,
            "registry": asset.registry,
            "digest": asset.config_digest,
            "manifestDigest": asset.manifest_digest,
            "architecture": asset.architecture,
            "os": asset.os,
            "sizeInBytes": asset.size_bytes,
            "creationDate": asset.built_at,
            "uploadedDate": asset.uploaded_at,
            "baseImage.name": None,
            "scanStatus": image.coverage,
            "lastScanned": image.scanned_at,
        }
        if asked & {"", "repository", "name", "tag"}:
            return [{**thing, "repository": r, "name": p, "tag": t or None} for r, p, t in image.placed]
        return [thing]

    def _layers(self, image: Image, _: set[str]) -> list[Thing]:
        return [{"digest": digest, "sizeInBytes": size} for digest, size in image.layers]

    def _repository(self, image: Image, _: set[str]) -> list[Thing]:
        keys = {image.asset.repository or "", *(place[0] for place in image.placed)}
        return self._repositories(image.connection, keys)

    def _repositories(self, connection: str, keys: set[str]) -> list[Thing]:
        return [
            {
                "key": each.asset.repository,
                "packageType": each.asset.package_type,
                "type": each.asset.repository_type,
                "description": each.asset.description,
                "project": each.asset.project,
                "xrayIndexed": each.asset.xray_indexed,
                "usedSpace": each.asset.size_bytes,
                "artifactCount": each.asset.artifact_count,
            }
            for each in self._all.images
            if each.asset.asset_class is AssetClass.REPOSITORY
            and each.connection == connection
            and each.asset.repository in keys
        ]

    def _software(self, image: Image, _: set[str]) -> list[Thing]:
        listed = [
            {
                "purl": each["purl"],
                "name": _component(each["purl"]),
                "version": each["version"],
                "type": each["type"],
                "license": list(each["licences"]),
                "path": each["path"],
                "layerDigest": each["layer"],
                "fixedVersion": None,
            }
            for each in image.software
        ]
        found = [
            {**self._component_in(finding, each), "license": None}
            for finding in self._all.findings
            for each in finding.occurring
            if each.asset == image.asset.id and not each.gone
        ]
        return [*listed, *found]

    def _component_in(self, finding: Finding, each: Any) -> Thing:
        image = self._images[each.asset]
        same = [
            s for s in image.software if (s["purl"], s["version"]) == (finding.row.component, each.version)
        ]
        return {
            **self._own(Group.SOFTWARE, finding),
            "version": each.version or None,
            "path": list(each.paths),
            "layerDigest": each.layer,
            "fixedVersion": list(each.fixed_versions),
            "license": list(same[0]["licences"]) if same else None,
        }

    def _findings(self, image: Image, _: set[str]) -> list[Thing]:
        return [
            self._finding(finding)
            for finding in self._all.findings
            if any(each.asset == image.asset.id and not each.gone for each in finding.occurring)
        ]

    def _finding(self, finding: Finding) -> Thing:
        row = finding.row
        key = row.vulnerability
        told = self._all.advisories.get(key)
        epss = self._all.epss.get(key)
        own = (told.extended_information or {}).get("jfrog_research_severity") if told else None
        days = finding.fixed_at - finding.first_found_at if finding.fixed_at else None
        return {
            "cveId": key if key.startswith("CVE-") else None,
            "vendorFindingId": row.issue,
            "externalFindingId": row.id,
            "title": row.title,
            "description": told.description if told else key,
            "severity": row.severity,
            "sourceSeverity": row.source_severity,
            "jfrogSeverity": 4 if own else None,
            "cvss2BaseScore": score(told.cvss_v2) if told else None,
            "cvss3BaseScore": row.cvss3_score,
            "cvss4BaseScore": score(told.cvss_v4) if told else None,
            "epssScore": epss[0] if epss else None,
            "epssPercentile": epss[1] if epss else None,
            "isCisaKnownExploit": key in self._all.exploited,
            "applicability": row.applicability,
            "status": row.status,
            "triage": finding.triage,
            "isFound": row.status.open,
            "isIgnored": finding.triage
            in (Triage.NOT_AFFECTED, Triage.FALSE_POSITIVE, Triage.RISK_ACCEPTED, Triage.SUPPRESSED),
            "isPatchAvailable": row.fix_version is not None,
            "firstFoundDate": finding.first_found_at,
            "lastFoundDate": NOW,
            "lastFixedDate": finding.fixed_at,
            "reopenedDate": finding.reopened_at,
            "publishedDate": row.published_at,
            "detectionAge": finding.first_found_at,
            "ttr": days.total_seconds() / 86_400 if days is not None else None,
            "vendorName": "JFrog",
            "vendorProductName": "JFrog Artifactory & Xray",
            "type": row.type,
            "connectionName": finding.scope.connection,
            "cweId": list(told.cwe) if told else None,
            "fixVersion": row.fix_version,
            "fixGroup": f"{row.component}@{row.fix_version}" if row.fix_version else None,
            "occurrenceCount": row.images,
            "riskScore": finding.score,
        }


def _tagged(key: str, *origins: str) -> Callable[[Image, set[str]], list[Thing]]:
    def tags(image: Image, _: set[str]) -> list[Thing]:
        return [
            {key: k, "value": v, "connectorId": image.connection}
            for k, v, origin in image.tags
            if origin in origins
        ]

    return tags


_OWN = {
    Group.INVENTORY: {"source", "connector.name", "connector.id"},
    Group.CONTAINER: {"repository", "name"},
    Group.REPOSITORY: {"key"},
    Group.SOFTWARE: {"purl", "name", "type"},
}
"""What a finding itself has of a group, wherever it stands."""


def _component(purl: str) -> str:
    return unquote(purl.partition("/")[2]) if purl.startswith("pkg:") else purl.removeprefix("~")


def _names(node: Node) -> set[str]:
    """The tokens that a condition within a group asks for; a group within it asks for everything."""
    match node:
        case Every(parts=parts) | Either(parts=parts):
            return set().union(*map(_names, parts))
        case Not(part=part):
            return _names(part)
        case Compare(token=token) | Missing(token=token):
            return {token.name}
        case Inside():
            return {"*"}
    raise AssertionError(node)


def _is_missing(thing: Thing, token: Token) -> bool:
    value = thing.get(token.name)
    return value is None or value == []


def _fits(token: Token, test: Test, value: Any) -> bool:
    values = value if isinstance(value, list) else [] if value is None else [value]
    tests = test.tests if isinstance(test, OneOf) else (test,)
    return any(_fits_one(each, one) for each in tests for one in values)


def _fits_one(test: Test, value: Any) -> bool:
    match test:
        case Equal(value=wanted, exact=exact):
            same: bool = value == wanted
            return same if exact or isinstance(wanted, bool) else _lower(value) == _lower(wanted)
        case Affix(text=text, before=before, after=after):
            return _affix(_lower(value), _lower(text), before=before, after=after)
        case Words():
            return _has(test, value)
        case Between():
            return _between(test, value)
    raise AssertionError("lists hold no lists")


def _lower(text: str) -> str:
    return str(text).translate(_LOWER)


def _affix(text: str, core: str, *, before: bool, after: bool) -> bool:
    if before and after:
        return core in text
    return text.endswith(core) if before else text.startswith(core)


def _has(test: Words, text: str) -> bool:
    found = words(text)
    if test.prefix:
        return any(word.startswith(test.words[0]) for word in found)
    if not test.adjacent:
        return set(test.words) <= set(found)
    size = len(test.words)
    return any(found[n : n + size] == test.words for n in range(len(found)))


def _between(test: Between, value: float | datetime) -> bool:
    low: Any = test.low
    high: Any = test.high
    above = low is None or value > low or (value == low and test.low_in)
    return above and (high is None or value < high or (value == high and test.high_in))
