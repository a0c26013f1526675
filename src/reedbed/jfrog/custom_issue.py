"""A flagged package as the custom issue that makes Xray block it. Pure.

Xray answers 201 to an issue that breaks one of its rules, and keeps nothing; so an issue that breaks one
cannot be made here. Source of those rules: github.com/safedep/cli, docs/integration-jfrog.md; JFrog documents
only the id's prefix and the provider.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Literal

import msgspec

from reedbed.model.ecosystem import RULES, PackageType
from reedbed.model.ledger import Flagged, Source
from reedbed.model.purl import Purl
from reedbed.model.text import one_line, visible
from reedbed.model.versions import Between, Clause, Exactly, Version, Versions, parse_clause

LONGEST_ID = 32
LONGEST_SUMMARY = 300
LONGEST_DESCRIPTION = 2_000
LONGEST_URL = 500
MOST_SOURCES = 20
"""More are told by number alone; the ledger has them all."""

PACKAGE_TYPES: dict[PackageType, str] = {
    PackageType.NPM: "npm",
    PackageType.PYPI: "pypi",
    PackageType.GO: "go",
    PackageType.CARGO: "cargo",
    PackageType.MAVEN: "maven",
    PackageType.NUGET: "nuget",
    PackageType.RUBYGEMS: "rubygems",  # not `gem`: Xray knows no such type
    PackageType.COMPOSER: "composer",
}
"""JFrog's word for each package type that Xray can enforce (the Terraform provider's xray_custom_issue)."""

Severity = Literal["Critical", "High", "Medium", "Low", "Information"]


class IssueStyle(msgspec.Struct, frozen=True, kw_only=True):
    """How issues are written where JFrog's documentation leaves it open; settings, all of them."""

    issue_kind: int = 1  # what makes Xray call an issue malicious, by SafeDep's account
    malicious_flag: bool = False  # send `malicious_package: true` too
    provider: str = "Reedbed"
    pypi_original_spelling: bool = False  # beside the PEP 503 name, each spelling that a feed used
    go_prefix: Literal["both", "v", "none"] = "both"  # [v1.2.3] or [1.2.3]
    severity: Severity = "Critical"
    link_base: str | None = None  # where `reedbed why` can be read: "https://reedbed.example.com/why"


class Component(msgspec.Struct, frozen=True, kw_only=True):
    id: str  # the bare package name
    vulnerable_versions: tuple[str, ...]  # bracket notation; any one is enough


class IssueSource(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    source_id: str
    name: str | None = None
    url: str | None = None


class CustomIssue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of `POST /xray/api/v1/events`.

    Raises:
        ValueError: Xray would drop it.
    """

    id: str
    type: str
    provider: str
    package_type: str
    severity: str
    summary: str
    description: str
    components: tuple[Component, ...]
    issue_kind: int
    sources: tuple[IssueSource, ...]
    malicious_package: bool = False

    def __post_init__(self) -> None:
        if fault := next(_faults(self), None):
            raise ValueError(f"Xray would drop the issue {self.id!r}: {fault}")


def _faults(issue: CustomIssue) -> Iterator[str]:
    if not issue.id or len(issue.id) > LONGEST_ID:
        yield f"an id has 1 to {LONGEST_ID} characters"
    if issue.id.lower().startswith("xray"):
        yield "its id begins with Xray's own prefix"
    if issue.provider.lower() == "jfrog" or not issue.provider:
        yield "its provider is JFrog, or nobody"
    if issue.package_type not in PACKAGE_TYPES.values():
        yield f"{issue.package_type!r} is no package type that it could enforce"
    if not issue.components:
        yield "it names no component"
    for component in issue.components:
        if not component.id or "://" in component.id:
            yield f"the component {component.id!r} is not a bare package name"
        if not component.vulnerable_versions:
            yield "it names no version"
        yield from filter(None, map(_unbracketed, component.vulnerable_versions))


@lru_cache(maxsize=4_096)  # half of all packages name every version, and the others' look alike
def _unbracketed(text: str) -> str | None:
    try:
        parse_clause(text)
    except ValueError as error:
        return str(error)
    return None


def enforceable(package_type: PackageType) -> bool:
    """Whether Xray has a word for this package type, so that an issue about it can block anything."""
    return package_type in PACKAGE_TYPES


def issue_id(package: Purl) -> str:
    """Give the id of the one custom issue about a package: a pure function, so a lost ledger can be rebuilt.

    "RB-" and 26 base32 characters of SHA-256 over the package type, in JFrog's word, and the normalised name.

    Raises:
        ValueError: Xray knows no such package type.
    """
    digest = hashlib.sha256(f"{_package_type(package)}\0{package.name}".encode()).digest()
    return "RB-" + base64.b32encode(digest).decode()[:26]


def custom_issue(flagged: Flagged, style: IssueStyle) -> CustomIssue:
    """Write the issue about a flagged package. Equal input gives equal bytes.

    Raises:
        ValueError: Xray knows no such package type.
    """
    affected = vulnerable_versions(flagged.versions, flagged.package.type, style)
    return CustomIssue(
        id=issue_id(flagged.package),
        type="Security",
        provider=style.provider,
        package_type=_package_type(flagged.package),
        severity=style.severity,
        summary=_summary(flagged),
        description=_description(flagged, style),
        components=tuple(
            Component(id=name, vulnerable_versions=affected) for name in component_ids(flagged, style)
        ),
        issue_kind=style.issue_kind,
        sources=tuple(_source(source) for source in flagged.sources[:MOST_SOURCES]),
        malicious_package=style.malicious_flag,
    )


def _package_type(package: Purl) -> str:
    word = PACKAGE_TYPES.get(package.type)
    if word is None:
        raise ValueError(f"not enforceable in Xray: it knows no {package.type} packages")
    return word


def component_ids(flagged: Flagged, style: IssueStyle) -> tuple[str, ...]:
    """List the names under which Xray may know the package, sorted.

    Crates answer to `-` and `_` and keep their case; NuGet ignores case, so one spelling does;
    what Xray stores of a PyPI name is not known, hence the style.
    """
    package, rules = flagged.package, RULES[flagged.package.type]
    match package.type:
        case PackageType.CARGO:
            names = {name for known in (package.name, *flagged.spellings) for name in rules.spellings(known)}
        case PackageType.NUGET:
            names = {
                min((s for s in flagged.spellings if s.casefold() == package.name), default=package.name)
            }
        case PackageType.PYPI if style.pypi_original_spelling:
            names = {package.name, *flagged.spellings}
        case _:
            names = {package.name}
    return tuple(sorted(names))


def vulnerable_versions(affected: Versions, package_type: PackageType, style: IssueStyle) -> tuple[str, ...]:
    """Write versions in the notation, each exact one in every spelling that means the same; sorted."""
    return tuple(
        sorted({str(c) for clause in affected.clauses for c in _spelled(clause, package_type, style)})
    )


def _spelled(clause: Clause, package_type: PackageType, style: IssueStyle) -> Iterable[Clause]:
    if package_type is PackageType.GO:
        return [
            _go(clause, prefix) for prefix in {"both": ("", "v"), "v": ("v",), "none": ("",)}[style.go_prefix]
        ]
    if isinstance(clause, Exactly):
        spellings = RULES[package_type].version_spellings(clause.version)
        return [Exactly(Version(spelling)) for spelling in spellings]
    return [clause]


def _go(clause: Clause, prefix: str) -> Clause:
    """JFrog's Go ids keep the `v` (`go://github.com/x/y:v1.2.4`); OSV's versions have none."""

    def spell(bare: Version) -> Version:
        return Version(prefix + (bare[1:] if bare[:1] == "v" and bare[1:2].isdigit() else bare))

    if isinstance(clause, Exactly):
        return Exactly(spell(clause.version))
    return Between(
        lower=None if clause.lower is None else spell(clause.lower),
        upper=None if clause.upper is None else spell(clause.upper),
        lower_closed=clause.lower_closed,
        upper_closed=clause.upper_closed,
    )


def _summary(flagged: Flagged) -> str:
    return (
        plain(flagged.summary, limit=LONGEST_SUMMARY) or f"Malicious package {visible(flagged.package.name)}"
    )


def _description(flagged: Flagged, style: IssueStyle) -> str:
    """Say who says so, a line a source: people who meet the 403 ask just that."""
    lines = [f"{visible(flagged.package.name)} is blocked as malicious."]
    if style.link_base:
        lines.append(f"Why, and what to do: {style.link_base}/{flagged.package}")
    for source in flagged.sources[:MOST_SOURCES]:
        line = plain(f"{source.feed}: {source.id} {_url(source) or ''}", limit=200)
        if sum(map(len, lines)) + len(line) > LONGEST_DESCRIPTION - 100:
            break
        lines.append(line)
    told = len(lines) - 1 - bool(style.link_base)
    if told < len(flagged.sources):
        lines.append(f"and {len(flagged.sources) - told} more")
    return "\n".join(lines)


def _source(source: Source) -> IssueSource:
    return IssueSource(
        source_id=visible(plain(source.id, limit=100)) or "unnamed",
        name=plain(source.feed, limit=100) or None,
        url=_url(source),
    )


def _url(source: Source) -> str | None:
    """Pass a link on only if it is one that a page can't do harm with."""
    url = source.url or ""
    return url if len(url) <= LONGEST_URL and _HARMLESS.fullmatch(url) else None


_HARMLESS = re.compile(r"""https?://(?:(?![<>"'`\\])[!-~])*""")


def plain(text: str, *, limit: int) -> str:
    """Make a stranger's text fit for Xray's pages: one line, nothing hidden, nothing that is markup."""
    return one_line(text.replace("<", "(").replace(">", ")"), limit=limit)
