"""Builds small harmless packages of any name and version, the same bytes each time.

They have no scripts that run when they are installed: a package says its name, and that is all it does.
"""

import gzip
import hashlib
import io
import json
import re
import tarfile
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from jfrog_standin.artifactory.coordinates import go_escape
from jfrog_standin.artifactory.deploy import deploy
from jfrog_standin.artifactory.storage import Item, Storage

EPOCH = (2020, 1, 1, 0, 0, 0)
WHEEL = "Wheel-Version: 1.0\nGenerator: jfrog-standin\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
SUMMARY = "A harmless package of the stand-in."


def add_npm(
    storage: Storage, repo: str, name: str, version: str, manifest: Mapping[str, Any] | None = None
) -> Item:
    """Put an npm package into a local repository at `<name>/-/<name>-<version>.tgz`."""
    file = f"{name.rpartition('/')[2]}-{version}.tgz"
    return _add(storage, repo, f"{name}/-/{file}", npm_tarball(name, version, manifest))


def add_pypi(
    storage: Storage, repo: str, name: str, version: str, *, requires: tuple[str, ...] = ()
) -> list[Item]:
    """Put a wheel and a source distribution into a local repository at `<name>/<version>/<file>`."""
    stem = f"{_distribution(name)}-{version}"
    files = {
        f"{stem}-py3-none-any.whl": wheel(name, version, requires=requires),
        f"{stem}.tar.gz": sdist(name, version, requires=requires),
    }
    return [_add(storage, repo, f"{name}/{version}/{file}", body) for file, body in files.items()]


def add_go(storage: Storage, repo: str, module: str, version: str) -> list[Item]:
    """Put a Go module's .info, .mod and .zip into a local repository at `<module>/@v/`."""
    path = f"{go_escape(module)}/@v/{go_escape(version)}"
    files = {"info": go_info(version), "mod": go_mod(module), "zip": go_zip(module, version)}
    return [_add(storage, repo, f"{path}.{kind}", body) for kind, body in files.items()]


def _add(storage: Storage, repo: str, path: str, body: bytes) -> Item:
    return deploy(storage, storage.repositories[repo], path, body, by="admin")


def npm_tarball(name: str, version: str, manifest: Mapping[str, Any] | None = None) -> bytes:
    """An npm package whose one module exports its own name; `manifest` adds to its package.json."""
    described = {
        "name": name,
        "version": version,
        "description": SUMMARY,
        "main": "index.js",
        "license": "MIT",
    }
    files = {
        "package/package.json": json.dumps(described | dict(manifest or {}), indent=2),
        "package/index.js": f"module.exports = {json.dumps(f'{name}@{version}')};\n",
    }
    return _tar_gz(files)


def wheel(name: str, version: str, *, requires: tuple[str, ...] = ()) -> bytes:
    """A pure-Python wheel with one module that holds its own version."""
    stem = f"{_distribution(name)}-{version}"
    files = {
        f"{_module(name)}.py": f"VERSION = {version!r}\n",
        f"{stem}.dist-info/METADATA": _metadata(name, version, requires),
        f"{stem}.dist-info/WHEEL": WHEEL,
    }
    lines = [f"{path},sha256={_record_hash(text)},{len(text.encode())}" for path, text in files.items()]
    record = f"{stem}.dist-info/RECORD"
    return _zip(files | {record: "\n".join([*lines, f"{record},,"]) + "\n"})


def sdist(name: str, version: str, *, requires: tuple[str, ...] = ()) -> bytes:
    """A source distribution of the same module, with setuptools' declaration and nothing else to run."""
    stem = f"{_distribution(name)}-{version}"
    declared = {"name": name, "version": version, "dependencies": list(requires)}
    project = "".join(f"{key} = {json.dumps(value)}\n" for key, value in declared.items())
    modules = json.dumps([_module(name)])
    return _tar_gz(
        {
            f"{stem}/PKG-INFO": _metadata(name, version, requires),
            f"{stem}/pyproject.toml": f"[project]\n{project}\n[tool.setuptools]\npy-modules = {modules}\n",
            f"{stem}/{_module(name)}.py": f"VERSION = {version!r}\n",
        }
    )


def go_mod(module: str) -> bytes:
    """The go.mod of a module without requirements."""
    return f"module {json.dumps(module)}\n\ngo 1.16\n".encode()


def go_info(version: str) -> bytes:
    """The `.info` file of a version."""
    return json.dumps({"Version": version, "Time": "2020-01-01T00:00:00Z"}).encode()


def go_zip(module: str, version: str) -> bytes:
    """A module zip in the layout that the go command checks: every file below `<module>@<version>/`."""
    root = f"{module}@{version}"
    files = {
        f"{root}/go.mod": go_mod(module).decode(),
        f"{root}/name.go": f"package harmless\n\n// Name is this release.\nconst Name = {json.dumps(root)}\n",
    }
    return _zip(files)


def _metadata(name: str, version: str, requires: tuple[str, ...]) -> str:
    required = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    named = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: {SUMMARY}\n"
    return f"{named}Requires-Python: >=3.8\n{required}"


def _distribution(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def _module(name: str) -> str:
    return re.sub(r"\W|^(?=\d)", "_", _distribution(name))


def _record_hash(text: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def _tar_gz(files: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text.encode())
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(packed.getvalue(), mtime=0)


def _zip(files: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            entry = zipfile.ZipInfo(path, EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text)
    return packed.getvalue()
