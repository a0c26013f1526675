"""Xray's issues of an artifact, taken apart: one record for each CVE in each component. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from reedbed.jfrog.component_id import Component, component
from reedbed.jfrog.summary_wire import Cve, Issue
from reedbed.model.records import Found, VulnerabilityRecord

NO_CVE = Cve()


MOST_PARTS = 12
"""So many segments of a path may be a component's name: Go modules have up to about eight."""

Ids = Mapping[str, str]
"""Component ids by what stands of them in paths, which is all but the scheme: `moment:2.29.3` → `npm://…`."""


def vulnerabilities(issues: Sequence[Issue], *, named: Iterable[str] = ()) -> tuple[VulnerabilityRecord, ...]:
    """Take issues apart, in an order of their own: JFrog's is arbitrary.

    `named` are ids of components that the answer has elsewhere. v1 tells an issue's components by paths
    alone, whose ends lack the scheme; with it they are the same components as those that v2 tells.
    """
    ids = _ids(named) if any(not issue.components for issue in issues) else {}
    records = [record for issue in issues for record in _of_issue(issue, ids)]
    return tuple(sorted(records, key=lambda each: (each.cve or "", each.issue_id, each.component)))


def _ids(named: Iterable[str]) -> Ids:
    """Know ids by their ends; an end that two package types have says nothing."""
    found: dict[str, str] = {}
    for each in set(named):
        end = each.rpartition("://")[2]
        found[end] = each if end not in found else end
    return found


def _of_issue(issue: Issue, ids: Ids) -> list[VulnerabilityRecord]:
    places = _places(issue, ids)
    return [
        VulnerabilityRecord(
            cve=(cve.cve or "").strip().upper() or None,
            cwe=tuple(cve.cwe or ()),
            cvss_v2=cve.cvss_v2 or None,
            cvss_v3=cve.cvss_v3 or None,
            cvss_v4=cve.cvss_v4 or None,
            severity=issue.severity or "",
            issue_id=issue.issue_id or "",
            issue_type=issue.issue_type or "",
            summary=issue.summary or "",
            description=issue.description or "",
            provider=issue.provider or "",
            created=issue.created,
            edited=issue.edited,
            references=tuple(issue.references or ()),
            extended_information=issue.extended_information,
            component=purl,
            component_id=named[0].component_id,
            package_type=named[0].package_type,
            found=tuple(_found(each, issue, cve) for each in named),
            impact_path=tuple(sorted({path for each in named for path in each.paths})),
        )
        for cve in _distinct(issue.cves or (NO_CVE,))
        for purl, named in places.items()
    ]


def _distinct(cves: Sequence[Cve]) -> list[Cve]:
    """One entry a CVE; those without an id say nothing beside one that has one."""
    named = {cve.cve: cve for cve in reversed(cves) if cve.cve}
    return [named[key] for key in sorted(named)] or [cves[0]]


class _Place:
    """A version of a component, and the paths that lead to it."""

    def __init__(self, of: Component, component_id: str, package_type: str, fixed: tuple[str, ...]) -> None:
        self.of = of
        self.component_id = component_id
        self.package_type = package_type
        self.fixed = fixed
        self.paths: set[str] = set()


def _places(issue: Issue, ids: Ids) -> dict[str, list[_Place]]:
    """Group what an issue was found in by component; each version once, in order."""
    ids = _ids(each.component_id for each in issue.components) if issue.components else ids
    paths = {path: _end(path, ids) for path in issue.impact_path or ()}
    places: dict[tuple[str, str], _Place] = {}
    for each in issue.components or ():
        of = component(each.component_id, package_type=each.pkg_type or "", version=each.version or "")
        fixed = tuple(sorted(set(each.fixed_versions or ())))
        places.setdefault(
            (of.purl, of.version), _Place(of, each.component_id, each.pkg_type or of.type, fixed)
        )
    if not issue.components:  # v1: only the paths tell
        for path, end in paths.items():
            name = ids.get(end, end)
            of = component(name)
            places.setdefault((of.purl, of.version), _Place(of, name, of.type, ())).paths.add(path)
    _lead(paths, issue, places)
    grouped: dict[str, list[_Place]] = {}
    for (purl, _), place in sorted(places.items()):
        grouped.setdefault(purl, []).append(place)
    return grouped or {"~": [_Place(Component(purl="~", type="", name="", version=""), "", "", ())]}


def _lead(paths: Mapping[str, str], issue: Issue, places: Mapping[tuple[str, str], _Place]) -> None:
    """Give each path to the component that it ends in; where none fits and there is one alone, to that."""
    by_end = {place.component_id.rpartition("://")[2]: place for place in places.values()}
    by_end |= {f"{place.of.name}:{place.of.version}": place for place in places.values()}
    alone = next(iter(places.values())) if len(places) == 1 else None
    for path, end in paths.items():
        place = by_end.get(end) or by_end.get(end.partition(":")[2]) or alone
        if place:
            place.paths.add(path)
    if alone:
        alone.paths.update(issue.component_physical_paths or ())


def _end(path: str, ids: Ids) -> str:
    """The last node of an impact path. Names have slashes: what is known, else what is behind the layer."""
    parts = path.rsplit("/", MOST_PARTS)
    for start in range(1, len(parts)):
        if (end := "/".join(parts[start:])) in ids:
            return end
    _, layer, rest = path.rpartition(".tar.gz/")
    return rest if layer else parts[-1]


def _found(place: _Place, issue: Issue, cve: Cve) -> Found:
    return Found(
        version=place.of.version or None,
        fixed_versions=place.fixed,
        applicability=_applicability(place, issue, cve),
        paths=tuple(sorted(place.paths)),
        layer=_layer(place.paths),
    )


def _applicability(place: _Place, issue: Issue, cve: Cve) -> str | None:
    """What contextual analysis says of this CVE in this component, else of this CVE."""
    said = [each for each in issue.applicability_details or () if each.vulnerability_id in (cve.cve, None)]
    exact = [each for each in said if each.component_id == place.component_id]
    return next((each.result for each in exact or said if each.result), None)


def _layer(paths: Iterable[str]) -> str | None:
    """The layer that a path leads through; None: several, or none."""
    names = {path.partition("sha256__")[2][:64] for path in paths if "sha256__" in path}
    return f"sha256:{names.pop()}" if len(names) == 1 else None
