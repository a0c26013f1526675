"""Flagged packages, one for each ecosystem, and strategies for them."""

from hypothesis import strategies as st

from reedbed.model.ecosystem import PackageType
from reedbed.model.ledger import Flagged, Source
from reedbed.model.purl import purl
from reedbed.model.versions import EVERY, Between, Clause, Exactly, version, versions

SOURCE = Source("osv", "MAL-2026-2307", "https://osv.example/vulnerability/MAL-2026-2307")


def flagged(
    package_type: PackageType, name: str, *clauses: Clause, spellings: tuple[str, ...] = (), summary: str = ""
) -> Flagged:
    return Flagged(
        package=purl(package_type, name),
        spellings=spellings or (name,),
        versions=versions(clauses or (EVERY,)),
        sources=(SOURCE,),
        summary=summary or f"Malicious code in {name}",
    )


def exactly(text: str) -> Exactly:
    return Exactly(version(text))


AXIOS = flagged(PackageType.NPM, "axios", exactly("1.14.1"), exactly("0.30.4"))

ONE_OF_EACH = {
    "npm": AXIOS,
    "npm-scoped": flagged(PackageType.NPM, "@ctrl/tinycolor", exactly("4.1.1"), exactly("4.1.2")),
    "pypi": flagged(
        PackageType.PYPI, "Flask_Foo", exactly("1.0"), exactly("1.0.post1"), spellings=("Flask_Foo",)
    ),
    "go": flagged(
        PackageType.GO,
        "github.com/Alice/evil",
        exactly("1.2.3"),
        exactly("v1.3.0+incompatible"),
        Between(lower=version("2.0.0"), upper=version("2.1.0"), lower_closed=True),
    ),
    "cargo": flagged(PackageType.CARGO, "Evil_crate-x", spellings=("Evil_crate-x",)),
    "maven": flagged(PackageType.MAVEN, "com.example:evil", exactly("0.2.3")),
    "nuget": flagged(
        PackageType.NUGET, "Evil.Package", exactly("1.2"), spellings=("Evil.Package", "evil.package")
    ),
    "rubygems": flagged(PackageType.RUBYGEMS, "evil-gem", Between(upper=version("2.0"))),
    "composer": flagged(PackageType.COMPOSER, "Vendor/Evil", exactly("1.0.0")),
}

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,20}[a-z0-9]", fullmatch=True)
NUMBERS = st.from_regex(r"[0-9]\.[0-9]\.[0-9](-[a-z]{1,3})?", fullmatch=True).map(version)
TEXTS = st.text(max_size=400)
SOURCES = st.builds(Source, feed=TEXTS, id=TEXTS, url=st.none() | TEXTS)

ENFORCEABLE = st.sampled_from([PackageType.NPM, PackageType.PYPI, PackageType.GO, PackageType.RUBYGEMS])
ANY_FLAGGED = st.builds(
    lambda package_type, name, numbers, sources, summary: Flagged(
        package=purl(package_type, name),
        spellings=(name,),
        versions=versions(map(Exactly, numbers)),
        sources=tuple(sorted(sources, key=repr)),
        summary=summary,
    ),
    ENFORCEABLE,
    NAMES,
    st.lists(NUMBERS, min_size=1, max_size=5),
    st.lists(SOURCES, min_size=1, max_size=30),
    TEXTS,
)
