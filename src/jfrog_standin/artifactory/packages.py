"""Builds small harmless packages of any name and version, the same bytes each time.

A package says its name, and that is all it does: nothing in it runs when it is installed. Only one that was
ordered with a `marker` has a script that does, and that script writes a line into the file of that name.
"""

import gzip
import hashlib
import io
import json
import re
import tarfile
import zipfile
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from jfrog_standin.artifactory.contents import core_metadata
from jfrog_standin.artifactory.coordinates import go_escape
from jfrog_standin.artifactory.deploy import deploy
from jfrog_standin.artifactory.pypi_packages import YANKED
from jfrog_standin.artifactory.storage import Item, Properties, Storage

EPOCH = (2020, 1, 1, 0, 0, 0)
WHEEL = "Wheel-Version: 1.0\nGenerator: jfrog-standin\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
SUMMARY = "A harmless package of the stand-in."
ANY_PYTHON = ">=3.8"

Form = Literal["wheel", "sdist"]
Files = Mapping[str, str]
"""Files of one's own, by their paths in the package; they replace those that it would have."""

NO_FILES: Files = MappingProxyType({})

BACKEND = """import base64, os, runpy

def build_wheel(directory, config_settings=None, metadata_directory=None):
    runpy.run_path("setup.py")
    with open(os.path.join(directory, "{file}"), "wb") as built:
        built.write(base64.b64decode("{wheel}"))
    return "{file}"
"""
"""How an ordered source distribution is built: its metadata too are only known once it is."""


def add_npm(
    storage: Storage,
    repo: str,
    name: str,
    version: str,
    manifest: Mapping[str, Any] | None = None,
    *,
    marker: str = "",
    files: Files = NO_FILES,
    at: datetime | None = None,
) -> Item:
    """Put an npm package into a local repository at `<name>/-/<name>-<version>.tgz`, as of `at`."""
    file = f"{name.rpartition('/')[2]}-{version}.tgz"
    body = npm_tarball(name, version, manifest, marker=marker, files=files)
    return _add(storage, repo, f"{name}/-/{file}", body, at=at)


def add_pypi(
    storage: Storage,
    repo: str,
    name: str,
    version: str,
    *,
    requires: tuple[str, ...] = (),
    requires_python: str = ANY_PYTHON,
    forms: Sequence[Form] = ("wheel", "sdist"),
    marker: str = "",
    files: Files = NO_FILES,
    yanked: str | None = None,
    at: datetime | None = None,
) -> list[Item]:
    """Put a wheel and a source distribution into a local repository at `<name>/<version>/<file>`."""
    stem = f"{_distribution(name)}-{version}"
    built = wheel(name, version, requires=requires, requires_python=requires_python, files=files)
    source = _running_sdist(name, version, built, marker) if marker else None
    source = source or sdist(name, version, requires=requires, requires_python=requires_python, files=files)
    bodies = {"wheel": (f"{stem}-py3-none-any.whl", built), "sdist": (f"{stem}.tar.gz", source)}
    properties = {} if yanked is None else {YANKED: (yanked,)}
    return [
        _add(storage, repo, f"{name}/{version}/{file}", body, at=at, properties=properties)
        for file, body in (bodies[form] for form in forms)
    ]


def add_go(
    storage: Storage,
    repo: str,
    module: str,
    version: str,
    *,
    requires: Mapping[str, str] | None = None,
    files: Files = NO_FILES,
    at: datetime | None = None,
) -> list[Item]:
    """Put a Go module's .info, .mod and .zip into a local repository at `<module>/@v/`."""
    path = f"{go_escape(module)}/@v/{go_escape(version)}"
    bodies = {
        "info": go_info(version),
        "mod": go_mod(module, requires),
        "zip": go_zip(module, version, requires, files),
    }
    return [_add(storage, repo, f"{path}.{kind}", body, at=at) for kind, body in bodies.items()]


def _add(
    storage: Storage,
    repo: str,
    path: str,
    body: bytes,
    *,
    at: datetime | None,
    properties: Properties | None = None,
) -> Item:
    return deploy(storage, storage.repositories[repo], path, body, by="admin", properties=properties, at=at)


def npm_tarball(
    name: str,
    version: str,
    manifest: Mapping[str, Any] | None = None,
    *,
    marker: str = "",
    files: Files = NO_FILES,
) -> bytes:
    """An npm package whose one module exports its own name; `manifest` adds to its package.json."""
    described = {
        "name": name,
        "version": version,
        "description": SUMMARY,
        "main": "index.js",
        "license": "MIT",
        **({"scripts": {"postinstall": "node marker.js"}} if marker else {}),
    }
    held = {
        "package.json": json.dumps(described | dict(manifest or {}), indent=2),
        "index.js": f"module.exports = {json.dumps(f'{name}@{version}')};\n",
    }
    if marker:
        line = json.dumps(f"{name}@{version}\n")
        held["marker.js"] = f'require("fs").appendFileSync({json.dumps(marker)}, {line});\n'
    return _tar_gz({f"package/{path}": text for path, text in {**held, **files}.items()})


def wheel(
    name: str,
    version: str,
    *,
    requires: tuple[str, ...] = (),
    requires_python: str = ANY_PYTHON,
    files: Files = NO_FILES,
) -> bytes:
    """A pure-Python wheel with one module that holds its own version."""
    stem = f"{_distribution(name)}-{version}"
    held = {
        f"{_module(name)}.py": f"VERSION = {version!r}\n",
        **files,
        f"{stem}.dist-info/METADATA": _metadata(name, version, requires, requires_python),
        f"{stem}.dist-info/WHEEL": WHEEL,
    }
    lines = [f"{path},sha256={_record_hash(text)},{len(text.encode())}" for path, text in held.items()]
    record = f"{stem}.dist-info/RECORD"
    return _zip(held | {record: "\n".join([*lines, f"{record},,"]) + "\n"})


def sdist(
    name: str,
    version: str,
    *,
    requires: tuple[str, ...] = (),
    requires_python: str = ANY_PYTHON,
    files: Files = NO_FILES,
) -> bytes:
    """A source distribution of the same module, with setuptools' declaration and nothing else to run."""
    declared = {
        "name": name,
        "version": version,
        "requires-python": requires_python,
        "dependencies": list(requires),
    }
    project = "".join(f"{key} = {json.dumps(value)}\n" for key, value in declared.items())
    sources = [f"{_module(name)}.py", *(path for path in files if path.endswith(".py") and "/" not in path)]
    modules = sorted({source.removesuffix(".py") for source in sources})
    held = {
        "PKG-INFO": _metadata(name, version, requires, requires_python),
        "pyproject.toml": f"[project]\n{project}\n[tool.setuptools]\npy-modules = {json.dumps(modules)}\n",
        f"{_module(name)}.py": f"VERSION = {version!r}\n",
    }
    return _sdist(name, version, {**held, **files})


def _running_sdist(name: str, version: str, built: bytes, marker: str) -> bytes:
    """One with a setup.py that writes the marker, and a backend that runs it and needs nothing else."""
    file = f"{_distribution(name)}-{version}-py3-none-any.whl"
    line = f"{name}=={version}\n"
    build_system = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    held = {
        "PKG-INFO": core_metadata(built).decode(),
        "pyproject.toml": build_system,
        "setup.py": f'with open({marker!r}, "a") as marker:\n    marker.write({line!r})\n',
        "backend.py": BACKEND.format(file=file, wheel=b64encode(built).decode()),
    }
    return _sdist(name, version, held)


def _sdist(name: str, version: str, files: Files) -> bytes:
    root = f"{_distribution(name)}-{version}"
    return _tar_gz({f"{root}/{path}": text for path, text in files.items()})


def go_mod(module: str, requires: Mapping[str, str] | None = None) -> bytes:
    """The go.mod of a module; `requires` gives the version of each other module."""
    required = "".join(f"\nrequire {other} {version}\n" for other, version in (requires or {}).items())
    return f"module {json.dumps(module)}\n\ngo 1.16\n{required}".encode()


def go_info(version: str) -> bytes:
    """The `.info` file of a version."""
    return json.dumps({"Version": version, "Time": "2020-01-01T00:00:00Z"}).encode()


def go_zip(
    module: str, version: str, requires: Mapping[str, str] | None = None, files: Files = NO_FILES
) -> bytes:
    """A module zip in the layout that the go command checks: every file below `<module>@<version>/`.

    Its one package imports the packages of the same kind that `requires` names.
    """
    root = f"{module}@{version}"
    imports = "".join(f"import _ {json.dumps(other)}\n\n" for other in requires or {})
    name = f"// Name is this release.\nconst Name = {json.dumps(root)}\n"
    held = {
        "go.mod": go_mod(module, requires).decode(),
        "name.go": f"package harmless\n\n{imports}{name}",
    }
    return _zip({f"{root}/{path}": text for path, text in {**held, **files}.items()})


def _metadata(name: str, version: str, requires: tuple[str, ...], requires_python: str) -> str:
    required = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    named = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: {SUMMARY}\n"
    return f"{named}Requires-Python: {requires_python}\n{required}"


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
