"""Source models: what maps read. Each is the struct that is landed; its fields are the roots of paths.

A path is followed through structs by the names that are landed (`storageManifest.checksums.sha256`), and on
into parts that are kept as they came (`blobConfig.config.Labels."a.b"`). Where something on the way is not
there, there is no value.
"""

import difflib
import types
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from reedbed.inventory.transform.expression import Part, Path
from reedbed.inventory.transform.kinds import ANY, Base, Kind
from reedbed.model.records import TEXT, ImageRecord, RepositoryRecord, ScanRecord, VulnerabilityRecord

Step = Callable[[Any], Any]

BASES: dict[type, Base] = {str: Base.TEXT, int: Base.WHOLE, float: Base.NUMBER, bool: Base.TRUTH}


class SourceModel(msgspec.Struct, frozen=True, kw_only=True):
    """What one kind of map reads."""

    name: str
    about: str
    record: type[msgspec.Struct]
    within: str | None = None  # a field whose own fields are read as if they were the record's
    repeats: str | None = None  # a field that a finding is made of each of
    of_image: Mapping[str, Step] = {}  # what reads like a field of each of those, and is the record's


SOURCES = {
    model.name: model
    for model in (
        SourceModel(name="repository", about="a repository of Artifactory", record=RepositoryRecord),
        SourceModel(name="docker-image", about="one image, by its manifest", record=ImageRecord),
        SourceModel(
            name="docker-image-vulnerability",
            about="what Xray found in one image; the image's fields are read as its own",
            record=ScanRecord,
            within="image",
            repeats="vulnerabilities",
            of_image={"findingDetectionUrl": attrgetter("image.storage_manifest.page")},
        ),
    )
}


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A path that was followed: how to read it, what it gives, and whose it is."""

    read: Step
    kind: Kind
    repeated: bool = False  # read from each of what repeats, not from the record
    shared: bool = False  # of an advisory's text, which is the same in every image


class Unknown(ValueError):
    """A path that a model does not have; the message names the nearest ones."""


def find(model: SourceModel, path: Path) -> Found:
    """Follow a path in a model.

    Raises:
        Unknown: the model has no such field.
    """
    first, *rest = path.parts
    if model.repeats and first.name == model.repeats:
        if not first.each or not rest:
            raise Unknown(f"{first.name} repeats: write {first.name}[] and the name of a field of it")
        if len(rest) == 1 and rest[0].name in model.of_image:
            return Found(read=model.of_image[rest[0].name], kind=Kind(Base.TEXT))
        read, kind = _follow(VulnerabilityRecord, tuple(rest))
        return Found(read=read, kind=kind, repeated=True, shared=_attribute_of(rest[0]) in TEXT)
    if model.within and first.name in _fields(_within(model)):
        inner, kind = _follow(_within(model), path.parts)
        outer = attrgetter(model.within)
        return Found(read=lambda record: inner(outer(record)), kind=kind)
    read, kind = _follow(model.record, path.parts)
    return Found(read=read, kind=kind)


def nearest(name: str, known: list[str]) -> str:
    """Name the three that somebody may have meant."""
    return ", ".join(difflib.get_close_matches(name[:100], known, n=3, cutoff=0.0))


def paths(model: SourceModel) -> list[str]:
    """List the fields of a model as paths, structs followed, free shapes named once."""
    roots = [(name, hint) for name, (_, hint) in _fields(model.record).items()]
    listed = []
    for name, hint in roots:
        if name == model.within:
            listed += _listed("", _struct(hint) or ImageRecord)
        elif name == model.repeats:
            listed += _listed(f"{name}[].", VulnerabilityRecord)
            listed += [f"{name}[].{each}" for each in model.of_image]
        else:
            listed += _listed_field(name, hint)
    return listed


def _listed(prefix: str, struct: type) -> list[str]:
    return [
        path for name, (_, hint) in _fields(struct).items() for path in _listed_field(prefix + name, hint)
    ]


def _listed_field(name: str, hint: Any) -> list[str]:
    many = get_origin(_plain(hint)) is tuple
    inner = _struct(get_args(_plain(hint))[0] if many else hint)
    if inner is None:
        return [name]
    return _listed(f"{name}[]." if many else f"{name}.", inner)


def _within(model: SourceModel) -> type:
    assert model.within is not None
    struct = _struct(get_type_hints(model.record)[model.within])
    assert struct is not None
    return struct


def _attribute_of(part: Part) -> str:
    return _fields(VulnerabilityRecord)[part.name][0]


def _fields(struct: type) -> dict[str, tuple[str, Any]]:
    """Give the fields of a struct by the names that are landed: (attribute, type)."""
    hints = get_type_hints(struct)
    return {each.encode_name: (each.name, hints[each.name]) for each in msgspec.structs.fields(struct)}


def _plain(hint: Any) -> Any:
    """Take `| None` away."""
    if get_origin(hint) in (Union, types.UnionType):
        return next(each for each in get_args(hint) if each is not type(None))
    return hint


def _struct(hint: Any) -> type | None:
    plain = _plain(hint)
    return plain if isinstance(plain, type) and issubclass(plain, msgspec.Struct) else None


def _follow(hint: Any, parts: tuple[Part, ...]) -> tuple[Step, Kind]:
    """Follow a path from a value of a type on."""
    if not parts:
        return _whole(hint)
    plain = _plain(hint)
    struct = _struct(plain)
    if struct is None and get_origin(plain) is not dict:
        raise Unknown(f"there is nothing within it that {parts[0].name} could name")
    if struct is None:
        value_hint = get_args(plain)[1]
        return _step(_key(parts[0].name), value_hint, parts)
    fields = _fields(struct)
    if parts[0].name not in fields:
        raise Unknown(f"there is no {parts[0].name}; the nearest are {nearest(parts[0].name, list(fields))}")
    attribute, field_hint = fields[parts[0].name]
    return _step(attrgetter(attribute), field_hint, parts)


def _step(get: Step, hint: Any, parts: tuple[Part, ...]) -> tuple[Step, Kind]:
    """Go one name further, and through a list where `[]` says so."""
    part, rest = parts[0], parts[1:]
    if _plain(hint) is Any:
        follow = _loose(part.each, rest)
        return _then(get, follow), Kind(Base.ANY)
    is_list = get_origin(_plain(hint)) is tuple
    if part.each and not is_list:
        raise Unknown(f"{part.name} is no list: write it without []")
    if is_list and rest and not part.each:
        raise Unknown(f"{part.name} is a list: write {part.name}[]")
    if not part.each:
        inner, kind = _follow(hint, rest)
        return (_then(get, inner) if rest or kind.many else get), kind
    inner, kind = _follow(get_args(_plain(hint))[0], rest)
    return _then(get, _every(inner, flat=kind.many)), Kind(kind.base, many=True)


def _whole(hint: Any) -> tuple[Step, Kind]:
    plain = _plain(hint)
    if get_origin(plain) is tuple:
        base = BASES.get(_plain(get_args(plain)[0]), Base.ANY)
        return msgspec.to_builtins if base is Base.ANY else list, Kind(base, many=True)
    if plain in BASES:
        return _same, Kind(BASES[plain])
    return msgspec.to_builtins, ANY


def _same(value: Any) -> Any:
    return value


def _then(get: Step, follow: Step) -> Step:
    def read(value: Any) -> Any:
        inner = get(value)
        return None if inner is None else follow(inner)

    return read


def _key(name: str) -> Step:
    def read(value: Any) -> Any:
        return value.get(name) if isinstance(value, dict) else None

    return read


def _every(follow: Step, *, flat: bool) -> Step:
    """Follow on from each of a list: those without a value stay as None, so that lists stay side by side."""

    def read(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return None
        if flat:
            return [each for one in value for each in (follow(one) or ())]
        return [None if one is None else follow(one) for one in value]

    return read


def _loose(each: bool, rest: tuple[Part, ...]) -> Step:
    """Follow a path where any shape may come."""
    follow: Step = _same
    if rest:
        follow = _then(_key(rest[0].name), _loose(rest[0].each, rest[1:]))
    if not each:
        return follow
    flat = any(part.each for part in rest)
    return _every(follow, flat=flat)
