"""The image names of a seeded platform: where they lie, what they are built from, how tags look. Pure."""

from collections.abc import Iterator

import msgspec

from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.seeding.catalog import LANGUAGES, RARE, VERSIONS
from jfrog_standin.seeding.parts import BASES, STACKS, Part
from jfrog_standin.seeding.seed import Draw, Seed
from jfrog_standin.seeding.words import NOUNS, TASKS

LARGE_STACKS = 18
MOST_TAGS = 20
PROMOTED_TO = "docker-prod-local"
IMAGES_A_RARE_PACKAGE = 25

IMAGE_REPOSITORIES = (
    Repository(key="docker-prod-local", package_type="docker", xray_index=True, description="Released"),
    Repository(key="docker-dev-local", package_type="docker", xray_index=True, description="Of every build"),
    Repository(key="docker-team-local", package_type="docker", xray_index=True),
    Repository(key="oci-local", package_type="oci", xray_index=True),
    Repository(key="docker-sandbox-local", package_type="docker", description="Not indexed by Xray"),
    Repository(
        key="docker-remote", rclass="remote", package_type="docker", xray_index=True,
        upstream="https://registry.example", configuration={"offline": True},
    ),
    Repository(
        key="docker", rclass="virtual", package_type="docker", default_deployment="docker-dev-local",
        members=("docker-prod-local", "docker-dev-local", "docker-team-local", "docker-remote"),
    ),
)  # fmt: skip
PACKAGE_REPOSITORIES = (
    Repository(key="npm-team-local", package_type="npm", xray_index=True),
    Repository(key="pypi-team-local", package_type="pypi", xray_index=True),
    Repository(key="go-team-local", package_type="go", xray_index=True),
    Repository(key="maven-team-local", package_type="maven"),
    Repository(key="generic-team-local"),
)
_SHARES = (
    ("docker-dev-local",) * 8 + ("docker-prod-local",) * 5 + ("docker-team-local",) * 3
    + ("docker-remote",) * 2 + ("oci-local", "docker-sandbox-local")
)  # fmt: skip


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """One image name in one repository, and how each of its releases is built."""

    number: int
    repo: str
    name: str  # "heron/pond-http-12"
    tags: int  # how many it begins with
    major: int
    base: int
    base_level: int  # of the first release
    stacks: tuple[tuple[str, int], ...]  # language and number
    stack_level: int
    rare: tuple[str, int]
    is_large: bool
    archs: tuple[str, ...]
    has_latest: bool
    is_promoted: bool  # its newest release lies in the repository of released images as well
    is_docker: bool  # Docker's media types, else the OCI's

    def tag(self, release: int) -> str:
        return f"{self.major}.{release // 3}.{release % 3}"

    def parts(self, release: int, fixes: int, arch: str) -> tuple[Part, ...]:
        """What a release is built from: later ones, and rebuilt ones, from newer versions."""
        base_level = min(self.base_level + release // 4 + fixes, VERSIONS - 1)
        level = min(self.stack_level + release // 3 + fixes, VERSIONS - 1)
        base = Part(kind="base", number=self.base, level=base_level, arch=arch)
        stacks = (Part(kind=kind, number=number, level=level, arch=arch) for kind, number in self.stacks)
        rare = Part(kind=self.rare[0], number=self.rare[1], level=0, arch=arch)
        return (base, *stacks, rare)


def streams(seed: Seed) -> Iterator[Stream]:
    """Give the names that a platform begins with: as many as its images need."""
    left = seed.images
    number = 0
    while left > 0:
        stream = _stream(seed, number, most_tags=min(left, max(1, seed.images // 8), MOST_TAGS))
        left -= stream.tags
        number += 1
        yield stream


def rare_packages(images: int) -> int:
    """How many rare packages there are of each language."""
    return max(4, images // IMAGES_A_RARE_PACKAGE // len(LANGUAGES))


def _stream(seed: Seed, number: int, *, most_tags: int) -> Stream:
    draw = Draw(seed.seed, "stream", number)
    language = draw.weighted(LANGUAGES)
    is_large = draw.share() < seed.large_share
    repo = _SHARES[number * 7 % len(_SHARES)]
    stacks = draw.some_of(range(STACKS), LARGE_STACKS if is_large else 2)
    folder = "library" if repo == "docker-remote" else draw.one_of(NOUNS)
    return Stream(
        number=number,
        repo=repo,
        name=f"{folder}/{draw.one_of(NOUNS)}-{draw.one_of(TASKS)}-{number}",
        tags=draw.between(1, most_tags),
        major=draw.between(0, 9),
        base=draw.weighted(
            {place: 408 / 4 if kind == "alpine" else 296 / 3 for place, (kind, _) in enumerate(BASES)}
        ),
        base_level=draw.below(4),
        stacks=tuple((language, stack) for stack in stacks),
        stack_level=draw.below(4),
        rare=(language, RARE + draw.below(rare_packages(seed.images))),
        is_large=is_large,
        archs=("amd64", "arm64") if draw.share() < 0.12 else ("amd64",),
        has_latest=draw.share() < 0.35,
        is_promoted=repo == "docker-dev-local" and draw.share() < 0.1,
        is_docker=repo != "oci-local" and draw.share() < 0.6,
    )
