"""A tiny harmless package of a name that nobody has: blocking it proves that blocking works."""

import gzip
import io
import json
import secrets
import tarfile
import zipfile
from collections.abc import Mapping

import msgspec

from reedbed.model.ecosystem import PackageType
from reedbed.model.ledger import Flagged, Source
from reedbed.model.purl import Purl, purl
from reedbed.model.versions import Exactly, version, versions

VERSION = "1.0.0"

TYPES = frozenset({PackageType.NPM, PackageType.PYPI, PackageType.GO})
"""The package types that a canary can be of."""

KINDS = frozenset({"local", "federated"})
"""The kinds of repository that take uploads."""

SUMMARY = "Proof that blocking works. Harmless; made and removed by Reedbed."


class Canary(msgspec.Struct, frozen=True, kw_only=True):
    """A package with one release, the file that it is, and where in a local repository it belongs."""

    package: Purl
    path: str
    body: bytes


def canary(package_type: PackageType) -> Canary:
    """Make a package with a fresh random name.

    Raises:
        ValueError: no such package can be made; the message lists the types that can.
    """
    name = f"reedbed-canary-{secrets.token_hex(8)}"
    match package_type:
        case PackageType.NPM:
            path, body = f"{name}/-/{name}-{VERSION}.tgz", _npm(name)
        case PackageType.PYPI:
            stem = f"{name.replace('-', '_')}-{VERSION}"
            path, body = f"{name}/{VERSION}/{stem}-py3-none-any.whl", _wheel(name, stem)
        case PackageType.GO:
            name = f"reedbed.invalid/{name}"  # RFC 2606 keeps .invalid free of real modules
            path, body = f"{name}/@v/v{VERSION}.zip", _go(name)
        case _:
            raise ValueError(f"a canary can be an npm, pypi or golang package; not {package_type}")
    return Canary(package=purl(package_type, name), path=path, body=body)


def flagged(package: Purl, release: str) -> Flagged:
    """Flag one release, as a feed would."""
    return Flagged(
        package=package,
        spellings=(package.name,),
        versions=versions([Exactly(version(release))]),
        sources=(Source("reedbed", "canary"),),
        summary=SUMMARY,
    )


def _npm(name: str) -> bytes:
    manifest = {"name": name, "version": VERSION, "description": SUMMARY, "license": "Apache-2.0"}
    return _tar({"package/package.json": json.dumps(manifest)})


def _wheel(name: str, stem: str) -> bytes:
    info = f"{stem}.dist-info"
    return _zip(
        {
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {VERSION}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/RECORD": f"{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n",
        }
    )


def _go(module: str) -> bytes:
    return _zip({f"{module}@v{VERSION}/go.mod": f"module {module}\n\ngo 1.16\n"})


def _tar(files: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(packed.getvalue())


def _zip(files: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return packed.getvalue()
