"""What each ecosystem says about its own names and versions.

A package type is the purl type, and each has one `Rules`: how a name is normalised, which spellings of a
name or a version mean the same thing, and how versions are ordered, where that is known well enough.
"""

import re
from collections.abc import Callable
from enum import StrEnum
from functools import cmp_to_key
from typing import Any

import msgspec
import nodesemver
from packaging.utils import canonicalize_name, canonicalize_version
from packaging.version import Version as PythonVersion


class PackageType(StrEnum):
    """The purl types that feeds speak of (github.com/package-url/purl-spec, types)."""

    NPM = "npm"
    PYPI = "pypi"
    GO = "golang"
    CARGO = "cargo"
    MAVEN = "maven"
    NUGET = "nuget"
    RUBYGEMS = "gem"
    COMPOSER = "composer"
    VSCODE = "vscode-extension"
    GITHUB_ACTIONS = "githubactions"
    HEX = "hex"
    PUB = "pub"


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    name: re.Pattern[str]
    normalise: Callable[[str], str] = str
    spellings: Callable[[str], frozenset[str]] = lambda name: frozenset({name})
    version_spellings: Callable[[str], frozenset[str]] = lambda version: frozenset({version})
    order: Callable[[str], Any] | None = None  # a sort key; None where no order is trusted here


def _semver(version: str) -> Any:
    nodesemver.make_semver(version, loose=False)  # raises ValueError on what is no semantic version
    return _SEMVER_KEY(version)


_SEMVER_KEY = cmp_to_key(lambda a, b: nodesemver.compare(a, b, loose=False))


def _python(version: str) -> Any:
    return PythonVersion(version)  # InvalidVersion is a ValueError


def _python_spellings(version: str) -> frozenset[str]:
    """PEP 440 holds 1.0, 1.0.0 and 1 for one version, and 1.0-1 for 1.0.post1: name each spelling."""
    try:
        read = PythonVersion(version)
    except ValueError:  # InvalidVersion, or a number of more digits than `int` reads
        return frozenset({version})
    padded = read.__replace__(release=(*read.release, 0, 0)[: max(3, len(read.release))])
    return frozenset({version, str(read), str(padded), canonicalize_version(read)} - _redundant(read))


def _redundant(read: PythonVersion) -> frozenset[str]:
    """The zero-less spelling of a three-part version (`1.2` for 1.2.0) is valid, and nobody releases it."""
    return frozenset({canonicalize_version(read)} - {str(read)} if len(read.release) >= 3 else ())


def _nuget_spellings(version: str) -> frozenset[str]:
    """NuGet drops a fourth part of zero and pads to three: 3.2 and 3.2.0.0 are 3.2.0.

    Source: learn.microsoft.com/nuget/concepts/package-versioning, "Normalized version numbers".
    """
    numbers, dash, label = version.partition("-")
    parts = numbers.split(".")
    if not all(part.isascii() and part.isdecimal() for part in parts) or len(parts) > 4:
        return frozenset({version})
    kept = [part.lstrip("0") or "0" for part in parts] + ["0"] * (3 - len(parts))
    if len(kept) == 4 and kept[3] == "0":
        kept.pop()
    return frozenset({version, ".".join(kept) + dash + label})


def _lower(name: str) -> str:
    """Lower what has case, but never a look-alike into the letter that it imitates.

    `str.lower` makes a `k` of the Kelvin sign and `str.casefold` an `s` of the long s: the malicious
    look-alike of a good package would be taken for the good one, and block it. NuGet compares ordinally.
    """
    return name.lower() if name.isascii() else "".join(map(_lower_character, name))


def _lower_character(character: str) -> str:
    lowered = character.lower()
    return lowered if len(lowered) == 1 and lowered.isascii() == character.isascii() else character


def _crate_spellings(name: str) -> frozenset[str]:
    """One crate answers to `-` and `_`; feeds and caches write either."""
    return frozenset({name, name.replace("-", "_"), name.replace("_", "-")})


_ANY = re.compile(r"[^\s\[\](),:@/\\]+")
_ONE_SLASH = re.compile(r"[^\s\[\](),:@/\\]+/[^\s\[\](),:@/\\]+")

RULES: dict[PackageType, Rules] = {
    PackageType.NPM: Rules(name=re.compile(r"(@[^\s\[\](),:@/\\]+/)?[^\s\[\](),:@/\\]+"), order=_semver),
    PackageType.PYPI: Rules(
        name=re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"),
        normalise=lambda name: str(canonicalize_name(name)),
        version_spellings=_python_spellings,
        order=_python,
    ),
    PackageType.GO: Rules(name=re.compile(r"[A-Za-z0-9._~-]+(/[A-Za-z0-9._~!-]+)*"), order=_semver),
    PackageType.CARGO: Rules(
        name=re.compile(r"[A-Za-z0-9_-]+"),
        normalise=lambda name: name.lower().replace("_", "-"),
        spellings=_crate_spellings,
        order=_semver,
    ),
    PackageType.MAVEN: Rules(name=re.compile(r"[A-Za-z0-9._-]+:[A-Za-z0-9._-]+")),
    PackageType.NUGET: Rules(name=_ANY, normalise=_lower, version_spellings=_nuget_spellings),
    PackageType.RUBYGEMS: Rules(name=_ANY),
    PackageType.COMPOSER: Rules(name=_ONE_SLASH, normalise=_lower),
    PackageType.VSCODE: Rules(name=_ANY, normalise=_lower),
    PackageType.GITHUB_ACTIONS: Rules(name=re.compile(r"[^\s\[\](),:@\\]+"), normalise=_lower),
    PackageType.HEX: Rules(name=_ANY, normalise=_lower, order=_semver),
    PackageType.PUB: Rules(name=re.compile(r"[A-Za-z0-9_]+"), normalise=_lower),
}
