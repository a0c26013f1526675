"""Package URLs: which package a statement is about (github.com/package-url/purl-spec)."""

import re
from urllib.parse import quote, unquote

import msgspec

from reedbed.model.ecosystem import RULES, PackageType
from reedbed.model.text import LONGEST_NAME, hidden


class Purl(msgspec.Struct, frozen=True, order=True):
    """A package without a version. Its name is normalised and in the ecosystem's own spelling.

    `@scope/name` for npm, `group:artifact` for Maven, the module path for Go. Two purls are equal
    exactly when a resolver would take them for one package.

    Raises:
        ValueError: the name is not one that this ecosystem could have; the message says why.
    """

    type: PackageType
    name: str

    def __post_init__(self) -> None:
        fault = _fault(self.type, self.name)
        if fault:
            raise ValueError(fault)
        if self.name != RULES[self.type].normalise(self.name):
            raise ValueError("the name is not normalised")

    def __str__(self) -> str:
        """Write it as a purl: `pkg:npm/%40scope/name`.

        Not by the packageurl library, which lowers the case of npm names: `JSONStream` and `jsonstream`
        are two packages.
        """
        path = self.name.replace(":", "/") if self.type is PackageType.MAVEN else self.name
        return f"pkg:{self.type}/{quote(path, safe='/')}"


def purl(package_type: PackageType, spelling: str) -> Purl:
    """Make the purl of a package as somebody spelled it.

    Raises:
        ValueError: the name is not one that this ecosystem could have; the message says why.
    """
    fault = _fault(package_type, spelling)  # before normalising, which might hide what is wrong
    if fault:
        raise ValueError(fault)
    return Purl(package_type, RULES[package_type].normalise(spelling))


def parse_purl(text: str) -> tuple[Purl, str | None]:
    """Read `pkg:npm/axios@1.14.1`, or the short `npm:axios@1.14.1`: the purl and the version, if any.

    Raises:
        ValueError: it is not a package URL, or of a type that no feed speaks of.
    """
    package_type, name, version = _parts(text)
    try:
        known = PackageType(package_type)
    except ValueError as error:
        types = ", ".join(sorted(PackageType))
        raise ValueError(f"the package type {package_type!r} is none of {types}") from error
    return purl(known, name), version


def _parts(text: str) -> tuple[str, str, str | None]:
    if not text.startswith("pkg:"):
        package_type, colon, rest = text.partition(":")
        if not colon or not rest:
            raise ValueError(f"{text!r} is not of the form pkg:npm/name or npm:name")
        at = rest.rfind("@")
        name, version = (rest[:at], rest[at + 1 :]) if at > 0 else (rest, None)
        return _SHORT.get(package_type, package_type), name, version or None
    package_type, _, path = text[4:].partition("#")[0].partition("?")[0].lstrip("/").partition("/")
    at = path.rfind("@")
    path, version = (path[:at], unquote(path[at + 1 :], errors="strict")) if at > 0 else (path, None)
    name = "/".join(unquote(segment, errors="strict") for segment in path.strip("/").split("/"))
    known = package_type.lower()
    return known, name.replace("/", ":") if known == PackageType.MAVEN else name, version or None


_SHORT = {"go": "golang", "rubygems": "gem", "crates.io": "cargo", "packagist": "composer"}


_DOTS_ALONE = re.compile(r"(?:\A|[:/])\.*(?:[:/]|\Z)")


def _fault(package_type: PackageType, name: str) -> str | None:
    if not name:
        return "the name is empty"
    if len(name) > LONGEST_NAME:
        return f"the name has {len(name)} characters, more than {LONGEST_NAME}"
    if character := hidden(name):
        return f"the name holds the invisible character {character}"
    if not RULES[package_type].name.fullmatch(name):
        return f"no {package_type} package can have this name"
    if _DOTS_ALONE.search(name):
        return "the name has a path segment of dots alone"
    return None
