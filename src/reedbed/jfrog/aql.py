"""The Artifactory Query Language: queries as text. Pure.

Source: jfrog.com/help/r/jfrog-rest-apis/artifactory-query-language; github.com/jfrog/jfrog-skills,
artifactory-aql-syntax. The order of the parts is enforced, and so is a length.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

LONGEST_QUERY = 6_000
"""Characters; a longer one is a 400."""

REQUIRED = ("repo", "path", "name")
"""Whoever is no administrator must ask for these, or is told “For permissions reasons AQL demands …”."""

Criteria = Mapping[str, Any]
K = TypeVar("K")


def find_items(
    criteria: Criteria, *, include: Sequence[str] = (), sort: Sequence[str] = (), limit: int | None = None
) -> str:
    """Write a query on files. Without a limit the answer holds every row, or says that it was trimmed."""
    fields = dict.fromkeys((*REQUIRED, *include))
    parts = [f"items.find({_json(criteria)})", f".include({','.join(map(_json, fields))})"]
    if sort:
        parts.append(f".sort({_json({'$asc': list(sort)})})")
    if limit is not None:
        parts.append(f".limit({limit})")
    return "".join(parts)


def after(criteria: Criteria, path: str, name: str) -> Criteria:
    """Narrow criteria to what comes behind one file in the order of path and name."""
    same_folder = {"$and": [{"path": path}, {"name": {"$gt": name}}]}
    return {"$and": [criteria, {"$or": [{"path": {"$gt": path}}, same_folder]}]}


def any_of(alternatives: Iterable[Criteria], *, repositories: Sequence[str] = ()) -> Criteria:
    """Ask for what fits one alternative, in one of the repositories if any are given."""
    wanted = {"$or": list(alternatives)}
    if not repositories:
        return wanted
    return {"$and": [{"$or": [{"repo": key} for key in repositories]}, wanted]}


def chunks(alternatives: Sequence[tuple[K, Criteria]], room: int) -> Iterator[list[tuple[K, Criteria]]]:
    """Split keyed alternatives into groups of at most `room` characters of text, and at least one each."""
    group: list[tuple[K, Criteria]] = []
    used = 0
    for alternative in alternatives:
        size = len(_json(alternative[1])) + 1
        if group and used + size > room:
            yield group
            group, used = [], 0
        group.append(alternative)
        used += size
    if group:
        yield group


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
