"""What the images of a seeded platform are put together from: bases, stacks of libraries, and rare packages.

A part brings layers, components and issues. It is encoded once, and shared by all images that have it.
"""

import hashlib
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from jfrog_standin.seeding.catalog import RARE, VERSIONS, Catalog, Package
from jfrog_standin.seeding.seed import Draw
from jfrog_standin.xray.bundle import Bundle, Form
from jfrog_standin.xray.scan import Exposure, Risk, Scan, ScanIssue, ScannedComponent

BASES = (
    ("alpine", "3.18"), ("alpine", "3.19"), ("alpine", "3.20"), ("alpine", "3.21"),
    ("debian", "debian:bookworm"), ("debian", "debian:bullseye"), ("debian", "debian:trixie"),
)  # fmt: skip
BASE_PACKAGES = {"alpine": 18, "debian": 30}
BASE_LAYERS = 3
STACKS = 20  # of each language
STACK_PACKAGES = 5


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A base at a revision, a stack at a level, or a rare package at a version; for one architecture."""

    kind: str  # "base", or the language
    number: int
    level: int  # index of the versions of its packages
    arch: str = "amd64"

    @property
    def layers(self) -> int:
        return BASE_LAYERS if self.kind == "base" else 1


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """A layer that nobody can download: its digest is a function of its part."""

    digest: str  # hexadecimal
    size: int
    made_by: str


class Parts:
    """The parts of one platform on one day, as the catalog of that day has them."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.bundle = lru_cache(maxsize=6_000)(self._bundle)
        self.weight = lru_cache(maxsize=20_000)(self._weight)
        self.layers_of = lru_cache(maxsize=20_000)(self._layers)

    def _bundle(self, part: Part) -> Bundle:
        return Bundle(self._scan(part))

    def _weight(self, part: Part) -> int:
        """How many bytes a summary tells of a part."""
        bundle = self.bundle(part)
        return len(bundle.issues(b"default/docker-local/team/name-0000/1.0.0/", Form())) + sum(
            map(len, bundle.licenses.values())
        )

    def _layers(self, part: Part) -> tuple[Layer, ...]:
        draw = Draw(self.catalog.seed, "layer", part.kind, part.number, part.level, part.arch)
        return tuple(self._layer(part, number, draw) for number in range(part.layers))

    def _layer(self, part: Part, number: int, draw: Draw) -> Layer:
        name = f"{self.catalog.seed}/{part.kind}/{part.number}/{part.level}/{part.arch}/{number}"
        made_by = f"/bin/sh -c install {part.kind} {part.number}.{part.level} # buildkit"
        return Layer(
            digest=hashlib.sha256(name.encode()).hexdigest(),
            size=draw.between(20_000, 40_000_000),
            made_by="COPY rootfs / # buildkit" if part.kind == "base" and not number else made_by,
        )

    def _scan(self, part: Part) -> Scan:
        components: list[ScannedComponent] = []
        issues: list[ScanIssue] = []
        layers = self.layers_of(part)
        for place, (package, distribution) in enumerate(self._packages(part)):
            version = self._version(part, place)
            layer = layers[place % len(layers)].digest
            found = package.components(version, distribution=distribution, layer=layer)
            components += found
            issues += package.issues(version, found)
        risks = [_risk(component) for component in components if Draw("risk", component.uri).share() < 0.03]
        return Scan(
            components=tuple(components), issues=tuple(issues), risks=tuple(risks), exposures=_exposures(part)
        )

    def _packages(self, part: Part) -> Iterator[tuple[Package, str]]:
        if part.kind == "base":
            family, distribution = BASES[part.number]
            draw = Draw(self.catalog.seed, "base", part.number)
            for number in draw.some_of(range(BASE_PACKAGES[family] + 10), BASE_PACKAGES[family]):
                yield self.catalog.package(family, number), distribution
        elif part.number >= RARE:
            yield self.catalog.package(part.kind, part.number), ""
        else:
            for number in range(STACK_PACKAGES):
                yield self.catalog.package(part.kind, part.number * STACK_PACKAGES + number), ""

    def _version(self, part: Part, place: int) -> int:
        """The packages of a part are not all of the same age."""
        lead = Draw(self.catalog.seed, "lead", part.kind, part.number, place).below(3)
        return min(part.level + lead, VERSIONS - 1 if part.number < RARE else VERSIONS - 2)


def _exposures(part: Part) -> tuple[Exposure, ...]:
    """One stack in ten has a secret in a file."""
    if part.kind == "base" or Draw("exposure", part.kind, part.number).share() > 0.1:
        return ()
    file = f"app/{part.kind}/{part.number}/.env"
    return (
        Exposure(id=f"EXP-{part.number}", description="A token in a file", file=file, line=7, cwe="CWE-798"),
    )


def _risk(component: ScannedComponent) -> Risk:
    return Risk(
        component_id=component.uri,
        risk="High",
        risk_reason="EOL",
        is_eol=True,
        eol_message="This version is no longer supported.",
        latest_version="9.0.0",
        newer_versions=4,
        released="2021-05-04T00:00:00Z",
    )
