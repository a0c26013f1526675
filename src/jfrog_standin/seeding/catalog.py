"""The packages of a seeded platform, their versions, and what is wrong with them. A function of the seed.

How often which severity, applicability and package type occurs was measured on a real report of 2,019 rows.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import lru_cache

import msgspec

from jfrog_standin.seeding.seed import DAY, START, Draw
from jfrog_standin.seeding.words import EFFECTS, NOUNS, TASKS, sentences
from jfrog_standin.xray.scan import (
    Applicability,
    Hit,
    License,
    Reason,
    Research,
    ScanCve,
    ScanIssue,
    ScannedComponent,
    Severity,
)

SEVERITIES: Mapping[Severity, float] = {
    "Critical": 168, "High": 845, "Medium": 904, "Low": 102, "Unknown": 6
}  # fmt: skip
APPLICABILITIES: Mapping[Applicability, float] = {
    "applicable": 649, "not_applicable": 608, "not_covered": 712, "undetermined": 45, "rescan_required": 3,
    "technology_unsupported": 2,
}  # fmt: skip
LANGUAGES: Mapping[str, float] = {
    "go": 1096, "maven": 163, "npm": 28, "pypi": 22, "cpp": 4, "rubygems": 2
}  # fmt: skip
"""Rows by package type, but for those of the bases."""

UNFIXED = 108 / 2019  # the share of rows without a fixed version
VERSIONS = 8
SCORES: Mapping[Severity, tuple[int, int]] = {
    "Critical": (90, 98), "High": (70, 89), "Medium": (40, 69), "Low": (10, 39), "Unknown": (0, 0)
}  # fmt: skip
LICENSES = tuple(
    License(
        name=name,
        full_name=full,
        more_info_url=(f"https://spdx.org/licenses/{name}", f"https://licenses.example/{name}.html"),
    )
    for name, full in (
        ("MIT", "The MIT License"), ("Apache-2.0", "Apache License 2.0"), ("BSD-3-Clause", "BSD 3-Clause"),
        ("GPL-2.0-only", "GNU General Public License v2.0"), ("MPL-2.0", "Mozilla Public License 2.0"),
        ("LGPL-2.1-only", "GNU Lesser General Public License v2.1"), ("ISC", "ISC License"),
    )
)  # fmt: skip


class Flaw(msgspec.Struct, frozen=True, kw_only=True):
    """An issue of a package: what Xray would say of it, and which versions it is about."""

    issue: ScanIssue  # without components
    fixed_in: int  # index of a version; VERSIONS: in none so far
    applicability: Applicability


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """A package with its versions, oldest first. One source may make several binaries of one version."""

    kind: str
    names: tuple[str, ...]
    versions: tuple[str, ...]
    licenses: tuple[License, ...]
    flaws: tuple[Flaw, ...]

    def components(
        self, version: int, *, distribution: str = "", layer: str = ""
    ) -> tuple[ScannedComponent, ...]:
        return tuple(
            ScannedComponent(
                kind=self.kind,
                name=name,
                version=self.versions[version],
                distribution=distribution,
                layer=layer,
                path="" if distribution else f"app/{self.kind}/{name.rpartition('/')[2]}",
                licenses=self.licenses,
            )
            for name in self.names
        )

    def issues(self, version: int, components: tuple[ScannedComponent, ...]) -> tuple[ScanIssue, ...]:
        """The issues of one version, at its components."""
        return tuple(
            msgspec.structs.replace(flaw.issue, hits=tuple(self._hit(flaw, found) for found in components))
            for flaw in self.flaws
            if version < flaw.fixed_in
        )

    def _hit(self, flaw: Flaw, component: ScannedComponent) -> Hit:
        fixes = self.versions[flaw.fixed_in : flaw.fixed_in + 1]
        return Hit(component=component, fixed_versions=fixes, applicability=flaw.applicability)


Published = Mapping[tuple[str, int], tuple[int, ...]]
"""Package type and number → the days after the first on which a CVE was published."""


class Catalog:
    """All packages on one day. `on` gives the catalog of another day."""

    def __init__(self, seed: int, day: int, *, published: Published | None = None) -> None:
        self.seed = seed
        self.day = day
        self._published = published or {}
        self.package = lru_cache(maxsize=20_000)(self._package)

    def _package(self, kind: str, number: int) -> Package:
        """The n-th package of a type; one that is in no base or stack is rare, and without flaws at first."""
        draw = Draw(self.seed, "package", kind, number)
        name = f"{draw.one_of(NOUNS)}-{draw.one_of(TASKS)}-{number}"
        names = _names(kind, name, draw)
        flaws = [] if number >= RARE else self._flaws(draw, kind, number, names[0])
        for day in self._published.get((kind, number), ()):
            flaws.append(self._flaw(kind, number, 90 + day, names[0], day=day))
        return Package(
            kind=kind,
            names=names,
            versions=_versions(kind, draw),
            licenses=tuple(draw.some_of(LICENSES, 1 + (draw.share() < 0.1))),
            flaws=tuple(flaws),
        )

    def _flaws(self, draw: Draw, kind: str, number: int, name: str) -> list[Flaw]:
        is_base = kind in {"alpine", "debian"}
        most = draw.weighted({0: 55, 1: 22, 3: 15, 5: 8} if is_base else {1: 15, 3: 40, 6: 30, 9: 15})
        return [self._flaw(kind, number, each, name) for each in range(most)]

    def _flaw(self, kind: str, number: int, each: int, name: str, *, day: int = 0) -> Flaw:
        """One flaw; its text is rewritten on some days, as vendors do."""
        draw = Draw(self.seed, "flaw", kind, number, each)
        unfixed = draw.share() < UNFIXED
        fixed_in = VERSIONS if unfixed else VERSIONS - 1 if day else draw.between(2, VERSIONS - 1)
        severity = draw.weighted(SEVERITIES)
        applicability = draw.weighted(APPLICABILITIES)
        age = timedelta(minutes=draw.below(1_000_000))
        created = START - age if not day else START + day * DAY - age / 1_000
        cwe, effect = draw.one_of(tuple(EFFECTS.items()))
        text = Draw(self.seed, "text", kind, number, each, self._edition(kind, number, each))
        identity = 1_000_000 + Draw(self.seed, "id", kind, number, each).below(8_000_000)
        return Flaw(
            issue=ScanIssue(
                id=f"XRAY-{identity}",
                severity=severity,
                summary=f"A flaw in {name} {effect}.",
                description=f"A flaw in {name} {effect}. {sentences(text, name, text.between(1, 2))}",
                cves=_cves(draw, identity, severity, cwe, created.year),
                created=f"{created:%Y-%m-%dT%H:%M:%S}.{draw.below(1000):03}Z",
                research=_research(draw, name, severity),
            ),
            fixed_in=fixed_in,
            applicability=applicability,
        )

    def _edition(self, kind: str, number: int, each: int) -> int:
        """How often the text of a flaw was rewritten by now: each about once in a hundred days."""
        phase = Draw(self.seed, "edition", kind, number, each).below(100)
        return (self.day + phase) // 100

    def on(self, day: int, publishing: Iterable[tuple[str, int]]) -> "Catalog":
        """The catalog of a later day, on which these packages got one more CVE."""
        more = {package: (*self._published.get(package, ()), day) for package in publishing}
        return Catalog(self.seed, day, published={**self._published, **more})


RARE = 1_000  # packages from that number on are in few images each


def _names(kind: str, name: str, draw: Draw) -> tuple[str, ...]:
    match kind:
        case "go":
            return (f"git.example/{name.replace('-', '/', 1)}",)
        case "maven":
            return (f"com.example.{name.partition('-')[0]}:{name}",)
        case "npm":
            return (f"@{name.partition('-')[0]}/{name}" if draw.share() < 0.3 else name,)
        case "alpine" | "debian":
            endings = ("", "-libs", "-data")[: 1 + draw.weighted({0: 80, 1: 15, 2: 5})]
            return tuple(f"lib{name}{ending}" for ending in endings)
    return (name,)


def _versions(kind: str, draw: Draw) -> tuple[str, ...]:
    major, minor = draw.between(0, 5), draw.below(20)
    endings = {"alpine": "-r{}", "debian": "-{}+deb12u1"}
    ending = endings.get(kind, "").format(draw.below(5))
    lead = "v" if kind == "go" else ""
    return tuple(f"{lead}{major}.{minor + step // 2}.{step % 2 * 3}{ending}" for step in range(VERSIONS))


def _cves(draw: Draw, identity: int, severity: Severity, cwe: str, year: int) -> tuple[ScanCve, ...]:
    """One CVE mostly; some issues have none, one in two hundred has 26; one in fifty scores has no vector."""
    number = draw.weighted({1: 180, 0: 12, 2: 7, 26: 1})
    least, most = SCORES[severity]
    score = draw.between(least, most) / 10
    vector = (
        ""
        if draw.share() < 0.02
        else f"/CVSS:3.1/AV:{draw.one_of('NAL')}/AC:{draw.one_of('LH')}/PR:N/UI:N/S:U/C:H/I:H/A:H"
    )
    scored = ScanCve(
        cwe=(cwe,) if draw.share() < 0.9 else ("NVD-CWE-noinfo",),
        cvss_v2=f"{score}/CVSS:2.0/AV:N/AC:M/Au:N/C:P/I:P/A:P" if draw.share() < 0.3 else None,
        cvss_v3=f"{score}{vector}" if severity != "Unknown" else None,
    )
    if not number:
        return (msgspec.structs.replace(scored, cwe=None),)
    return tuple(
        msgspec.structs.replace(scored, cve=f"CVE-{year}-{identity + each}") for each in range(number)
    )


def _research(draw: Draw, name: str, severity: Severity) -> Research | None:
    """What JFrog's researchers add to about one issue in fifteen; a remediation to fewer."""
    if draw.share() > 0.07:
        return None
    short = f"Design problems in {name} lead to trouble when it reads hostile input."
    return Research(
        short_description=short,
        full_description=f"{short}\n\n{sentences(draw, name, 2)}",
        jfrog_research_severity=draw.weighted(SEVERITIES),
        jfrog_research_severity_reasons=(
            Reason(name="The issue has an exploit published", description=sentences(draw, name, 1)),
            Reason(name="A prerequisite is unlikely", description=sentences(draw, name, 1), is_positive=True),
        ),
        remediation=f"##### Deployment mitigations\n\nSwitch the hostile input of {name} off."
        if draw.share() < 0.6
        else "",
    )
