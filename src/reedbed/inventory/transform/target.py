"""Target models: the paths that maps may write, exactly as the seed's page names them, and of what kind.

Three places are open for names of one's own: typed attributes take one value each, the others anything.
`[]` in a path says that its value is a list, but for `findings[]`, which is written once a finding.
"""

import re

import msgspec

from reedbed.inventory.transform.kinds import ANY, Base, Kind

HEADER = "asset.assetHeader."
DETAIL = "asset.assetDetail."
IMAGE = f"{DETAIL}containerImageAssetClass."
REPOSITORY = f"{DETAIL}repositoryAssetClass."
TYPED = f"{DETAIL}typedAttributes."
UNTYPED = f"{DETAIL}untypedAttributes."
FINDING = "findingGroup.findings[]."
VULNERABILITY = f"{FINDING}findingType.vulnerability."
ATTRIBUTES = f"{FINDING}attributes."


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What no record tells, and Reedbed fills in when a finding is shown or exported."""

    about: str
    kind: Kind


GIVEN = {
    "finding-id": Given(about="the finding's own id", kind=Kind(Base.TEXT)),
    "first-found": Given(about="when a run first saw the finding", kind=Kind(Base.MOMENT)),
}

GIVEN_PATHS = {"vulnerabilities[].externalFindingId": "finding-id"}
"""Source paths of the seed's page that are no field of JFrog's, and what they stand for."""

_OWN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")

_TEXT, _WHOLE, _NUMBER, _MOMENT = (Kind(base) for base in (Base.TEXT, Base.WHOLE, Base.NUMBER, Base.MOMENT))
_SCALAR = Kind(Base.SCALAR)

ASSET_PATHS = {
    f"{HEADER}assetTypeName": _TEXT,
    f"{HEADER}externalAssetId": _TEXT,
    f"{HEADER}vendorAssetId": _TEXT,
    f"{DETAIL}name": _TEXT,
}

IMAGE_PATHS = {
    **ASSET_PATHS,
    **dict.fromkeys(
        (
            f"{IMAGE}{name}"
            for name in (
                *("digestType", "registry", "repository", "name", "tag", "architecture"),
                *("digest", "imageDigest", "manifestDigest"),
            )
        ),
        _TEXT,
    ),
    f"{IMAGE}sizeInBytes": _WHOLE,
    f"{IMAGE}creationDate": _MOMENT,
    f"{IMAGE}layers[].digest": Kind(Base.TEXT, many=True),
    f"{IMAGE}layers[].sizeInBytes": Kind(Base.WHOLE, many=True),
}

FINDING_PATHS = {
    **{f"{FINDING}{name}": _TEXT for name in ("externalFindingId", "name", "description")},
    f"{FINDING}severity": _WHOLE,
    f"{FINDING}sourceSeverity": _TEXT,
    f"{FINDING}firstFoundOn": _MOMENT,
    f"{FINDING}findingDetectionURL": _TEXT,
    f"{FINDING}solutionRecommendation": _TEXT,
    f"{VULNERABILITY}cveId": _TEXT,
    f"{VULNERABILITY}cweId": _TEXT,
    f"{VULNERABILITY}cweIds": Kind(Base.TEXT, many=True),
    f"{VULNERABILITY}cvss.cvss3Base": _NUMBER,
}

ASSET_REQUIRED = frozenset({f"{HEADER}externalAssetId", f"{HEADER}vendorAssetId", f"{DETAIL}name"})


class TargetModel(msgspec.Struct, frozen=True, kw_only=True):
    """What one kind of map writes."""

    name: str
    about: str
    sources: frozenset[str]  # the source models that have what it takes
    paths: dict[str, Kind]
    open: dict[str, Kind]  # prefixes below which a map may name paths itself
    required: frozenset[str]


TARGETS = {
    model.name: model
    for model in (
        TargetModel(
            name="container-image-asset",
            about="a container image as an asset",
            sources=frozenset({"docker-image"}),
            paths=IMAGE_PATHS,
            open={TYPED: _SCALAR, UNTYPED: ANY},
            required=ASSET_REQUIRED,
        ),
        TargetModel(
            name="repository-asset",
            about="a repository as an asset",
            sources=frozenset({"repository"}),
            paths={
                **ASSET_PATHS,
                f"{REPOSITORY}repositoryPackageType": _TEXT,
                f"{REPOSITORY}repoUrl": _TEXT,
            },
            open={TYPED: _SCALAR, UNTYPED: ANY},
            required=ASSET_REQUIRED,
        ),
        TargetModel(
            name="finding",
            about="the vulnerabilities of a container image, with the asset that they are of",
            sources=frozenset({"docker-image-vulnerability"}),
            paths={**IMAGE_PATHS, **FINDING_PATHS},
            open={TYPED: _SCALAR, UNTYPED: ANY, ATTRIBUTES: ANY},
            required=ASSET_REQUIRED | {f"{FINDING}externalFindingId"},
        ),
    )
}


def kind_of(model: TargetModel, path: str) -> Kind | None:
    """Give the kind that a target path takes; None: the model has no such path."""
    if path in model.paths:
        return model.paths[path]
    for prefix, kind in model.open.items():
        if path.startswith(prefix) and _OWN_NAME.fullmatch(path.removeprefix(prefix)):
            return kind
    return None


def of_finding(path: str) -> bool:
    """Say whether a path is written once a finding, not once an asset."""
    return path.startswith(FINDING)
