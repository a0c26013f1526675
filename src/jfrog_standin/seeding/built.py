"""The manifest and config of a seeded image: bytes that are a function of what it was built from. Pure."""

import hashlib
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any

import msgspec

from jfrog_standin.artifactory import images
from jfrog_standin.artifactory.bodies import made
from jfrog_standin.artifactory.oci import DOCKER_LAYER, OCI_LAYER, Target
from jfrog_standin.seeding.parts import Layer
from jfrog_standin.seeding.seed import Draw


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """One build of a release, for one architecture."""

    seed: int
    name: str
    version: str
    number: int  # which build of that release it is: each has another application layer
    arch: str
    at: datetime
    layers: tuple[Layer, ...]  # of its parts, lowest first
    is_docker: bool


def image_of(build: Build) -> images.Image:
    """Build an image that holds nothing but what it was built from."""
    image = _image_of(build)
    manifest = msgspec.structs.replace(image.manifest, make=partial(_manifest, build))
    return msgspec.structs.replace(image, manifest=manifest)


def _manifest(build: Build) -> bytes:
    return _image_of(build).manifest.make()


def _image_of(build: Build) -> images.Image:
    """Build an image; its layers are known by digest and size alone."""
    media_type = DOCKER_LAYER if build.is_docker else OCI_LAYER
    layers = [
        images.sparse_layer(f"sha256:{layer.digest}", layer.size, media_type=media_type)
        for layer in _layers(build)
    ]
    target = Target(architecture=build.arch, os="linux", variant="v8" if build.arch == "arm64" else "")
    return images.image(layers, config=made(partial(config, build)), platform=target, docker=build.is_docker)


def _layers(build: Build) -> tuple[Layer, ...]:
    return (*build.layers, _own_layer(build))


def _own_layer(build: Build) -> Layer:
    """The application itself."""
    text = f"{build.seed}/{build.name}/{build.version}/{build.number}/{build.arch}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Layer(
        digest=digest, size=1_000_000 + int(digest[:6], 16), made_by=f"COPY {build.name} /app # buildkit"
    )


@lru_cache(maxsize=64)  # asked for some times in a row while an image is put, and then for long not at all
def config(build: Build) -> bytes:
    """The config blob, as a usual build writes it: traps in Env and history included."""
    draw = Draw(build.seed, "config", build.name, build.version, build.number, build.arch)
    layers = _layers(build)
    created = build.at - timedelta(minutes=draw.between(2, 50))
    built = "0001-01-01T00:00:00Z" if draw.share() < 0.05 else f"{created:%Y-%m-%dT%H:%M:%S}.123456789Z"
    history: list[dict[str, Any]] = [{"created": built, "created_by": layer.made_by} for layer in layers]
    history.append({"created": built, "created_by": 'CMD ["/app/run"]', "empty_layer": True})
    if draw.share() < 0.1:
        arg = f"ARG DEPLOY_TOKEN=example-{draw.below(10**9)}"
        history.append({"created": built, "created_by": arg, "empty_layer": True})
    shown = {
        "architecture": build.arch,
        "os": "linux",
        "created": built,
        "author": "",
        "config": _part(build, draw),
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.digest[::-1]}" for layer in layers]},
        "history": history,
    }
    return msgspec.json.encode(shown | ({"docker_version": "24.0.7"} if draw.share() < 0.4 else {}))


def _part(build: Build, draw: Draw) -> dict[str, Any]:
    env = ["PATH=/usr/local/bin:/usr/bin:/bin", f"APP_VERSION={build.version}"]
    if draw.share() < 0.15:
        env.append(f"DB_PASSWORD=example-{draw.below(10**9)}")
    labels = {
        "org.opencontainers.image.version": build.version,
        "org.opencontainers.image.revision": _own_layer(build).digest[:40],
        "org.opencontainers.image.source": f"https://git.example/{build.name}",
        "team": build.name.partition("/")[0],
    }
    return {
        "User": "app" if draw.share() < 0.6 else "",
        "Env": env,
        "Cmd": ["/app/run", "--port", "8080"],
        "Entrypoint": ["/entrypoint.sh"],
        "WorkingDir": "/app",
        "ExposedPorts": {"8080/tcp": {}},
        "Labels": labels if draw.share() < 0.8 else {"team": labels["team"]},
    }
