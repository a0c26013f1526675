"""Xray's exports of components, read leniently and within bounds."""

import io
import zipfile
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reedbed.errors import Unreadable
from reedbed.jfrog.sbom import read_cyclonedx, read_export

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
PURLS = {
    "pkg:npm/%40scope/name@1.0.0?x=y#z": ("pkg:npm/%40scope/name", "1.0.0"),
    "pkg:golang/github.com/x/y@v1.2.4": ("pkg:golang/github.com/x/y", "1.2.4"),
    "pkg:deb/debian/libc6@2.36?distro=bookworm": ("pkg:deb/debian/libc6", "2.36"),
    "pkg:apk/alpine/openssl@1.1.1k-r0": ("pkg:apk/alpine/openssl", "1.1.1k-r0"),
    "pkg:maven/com.example/artifact@1.0": ("pkg:maven/com.example/artifact", "1.0"),
    "pkg:maven/com.example/artifact": ("pkg:maven/com.example/artifact", ""),
    "pkg:PyPI/Foo_Bar@1": ("pkg:pypi/foo-bar", "1"),
}


def zipped(**documents: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in documents.items():
            archive.writestr(f"{name}_CycloneDX.json", text)
    return packed.getvalue()


def document(*components: Any, **more: Any) -> bytes:
    return msgspec.json.encode({"bomFormat": "CycloneDX", "components": components, **more})


@pytest.mark.parametrize(("text", "expected"), PURLS.items())
def test_a_purl_names_a_package_as_a_summary_does(text: str, expected: tuple[str, str]) -> None:
    (found,) = read_cyclonedx(document({"purl": text})).software

    assert (found.purl, found.version) == expected


def test_what_is_not_quite_valid_is_read_and_told() -> None:
    body = document(
        {"purl": "pkg:npm/a@1", "licenses": None, "properties": [{"name": "x:path", "value": "app/a"}]},
        {"purl": "pkg:npm/b@1", "licenses": [{"license": {"id": "MIT"}}, {"expression": "X OR Y"}, 7]},
        {"name": "nameless"},
        "no object",
        vulnerabilities=[{"id": "CVE-1", "cwes": None}],
        metadata={"tools": [{"vendor": "JFrog Inc.", "name": "Xray"}]},
    )

    read = read_export(zipped(app=body))

    assert [(each.purl, each.licences, each.path) for each in read.software] == [
        ("pkg:npm/a", (), "app/a"),
        ("pkg:npm/b", ("MIT", "X OR Y"), None),
    ]
    assert set(read.repaired) == {
        "“cwes” is null",
        "“licenses” is null",
        "“tools” in the form before CycloneDX 1.5",
        "a component that is no object",
        "a component without a purl that can be read",
    }


def test_components_within_components_are_found() -> None:
    inner = {"purl": "pkg:npm/c@1"}

    read = read_cyclonedx(document({"purl": "pkg:npm/a@1", "components": [{"components": [inner]}]}))

    assert [each.name for each in read.software] == ["a", "c"]


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04", zipped(), zipped(app=b"[]"), zipped(app=b"{")])
def test_an_export_that_is_none_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_export(body)


def test_an_export_that_unpacks_to_too_much_is_refused() -> None:
    body = zipped(app=document({"purl": "pkg:npm/a@1", "name": "a" * 2_000}))

    with pytest.raises(Unreadable) as caught:
        read_export(body, largest=1_000)

    assert "more than 1000 bytes" in caught.value.why


@given(components=JSON, more=st.dictionaries(st.sampled_from(["metadata", "vulnerabilities"]), JSON))
def test_no_document_breaks_the_reader(components: Any, more: dict[str, Any]) -> None:
    read = read_cyclonedx(msgspec.json.encode({"components": components, **more}))

    assert all(each.purl.startswith("pkg:") for each in read.software)


@given(body=st.binary(max_size=300))
def test_no_archive_breaks_the_reader(body: bytes) -> None:
    for hostile in (body, zipped(app=body), zipped(app=b"{}")[: len(body)]):
        try:
            read_export(hostile)
        except Unreadable:
            continue
