import pytest
from hypothesis import given
from packageurl import PackageURL

from model.strategies import PURLS
from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import Purl, parse_purl, purl

SAME = [
    (PackageType.PYPI, "Foo.Bar_baz", "foo-bar-baz"),
    (PackageType.NUGET, "Newtonsoft.JSON", "newtonsoft.json"),
    (PackageType.CARGO, "proc_macro1", "proc-macro1"),
    (PackageType.COMPOSER, "Vendor/Package", "vendor/package"),
    (PackageType.NPM, "JSONStream", "JSONStream"),
    (PackageType.GO, "github.com/BufferZoneCorp/grpc-client", "github.com/BufferZoneCorp/grpc-client"),
]


@pytest.mark.parametrize(("package_type", "spelling", "name"), SAME)
def test_a_name_is_normalised_as_its_ecosystem_does(
    package_type: PackageType, spelling: str, name: str
) -> None:
    assert purl(package_type, spelling) == Purl(package_type, name)


@pytest.mark.parametrize("look_alike", ["\u017ferilog", "ser\u0130log", "\u212aestrel", "\ufb01le"])
def test_a_look_alike_is_never_taken_for_what_it_imitates(look_alike: str) -> None:
    assert not purl(PackageType.NUGET, look_alike).name.isascii()


def test_letters_of_another_script_still_have_no_case_in_nuget() -> None:
    upper = purl(PackageType.NUGET, "2Captc\u04baaAP\u0406")
    lower = purl(PackageType.NUGET, "2captc\u04bbaap\u0456")

    assert upper == lower


@pytest.mark.parametrize(
    ("package_type", "name", "why"),
    [
        (PackageType.NPM, "", "empty"),
        (PackageType.NPM, "a" * 513, "513 characters"),
        (PackageType.NPM, "ax\u200bios", "U.200B"),
        (PackageType.NPM, "ax\x1b[31mios", "U.001B"),
        (PackageType.NPM, "../../etc", "can have this name"),
        (PackageType.NPM, "..", "dots alone"),
        (PackageType.GO, "github.com/../x", "dots alone"),
        (PackageType.MAVEN, "..:x", "dots alone"),
        (PackageType.MAVEN, "no-artifact", "can have this name"),
        (PackageType.PYPI, "a[b]", "can have this name"),
        (PackageType.COMPOSER, "no-vendor", "can have this name"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_the_reason(
    package_type: PackageType, name: str, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        purl(package_type, name)


@given(PURLS)
def test_a_purl_is_read_back_as_it_was_written(package: Purl) -> None:
    assert parse_purl(str(package)) == (package, None)


@given(PURLS)
def test_other_readers_of_purls_see_the_same_package(package: Purl) -> None:
    theirs = PackageURL.from_string(str(package))

    separator = ":" if package.type is PackageType.MAVEN else "/"
    name = separator.join(filter(None, (theirs.namespace, theirs.name)))
    assert name.lower() == package.name.lower()


@pytest.mark.parametrize(
    ("text", "written", "version"),
    [
        ("npm:axios@1.14.1", "pkg:npm/axios", "1.14.1"),
        ("npm:@ctrl/tinycolor", "pkg:npm/%40ctrl/tinycolor", None),
        ("npm:@ctrl/tinycolor@4.1.1", "pkg:npm/%40ctrl/tinycolor", "4.1.1"),
        ("go:github.com/a/b@v1.0.0", "pkg:golang/github.com/a/b", "v1.0.0"),
        ("maven:org.example:thing@1", "pkg:maven/org.example/thing", "1"),
        ("pkg:maven/org.example/thing@1?type=jar", "pkg:maven/org.example/thing", "1"),
        ("pkg:npm/%40ctrl%2Ftinycolor@4.1.1#lib", "pkg:npm/%40ctrl/tinycolor", "4.1.1"),
        ("pkg:PyPI/Foo_Bar", "pkg:pypi/foo-bar", None),
        ("crates.io:proc_macro1", "pkg:cargo/proc-macro1", None),
    ],
)
def test_long_and_short_forms_are_read(text: str, written: str, version: str | None) -> None:
    package, at = parse_purl(text)

    assert (str(package), at) == (written, version)


@pytest.mark.parametrize(
    "text", ["", "axios", "npm:", "pkg:", "pkg:npm", "pkg:npm/", "deb:curl", "pkg:npm/%ff"]
)
def test_what_is_no_package_url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_purl(text)
