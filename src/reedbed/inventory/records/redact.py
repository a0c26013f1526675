"""Taking secrets out of what images say of themselves, before it is kept. Pure.

Build arguments and environment variables are where people leave tokens. Of `Env` the names stay and the
values go, but for those that say where things are; commands, history and labels lose what looks like one.

The text is a stranger's, so every pattern here begins where it can begin once only, at the start of a word or
at a mark of its own, and never gives back what it took: the time is linear in the text.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from reedbed.model.records import Manifest

HIDDEN = "[redacted]"

HARMLESS = frozenset({"PATH", "LANG", "LC_ALL", "TZ", "HOME", "HOSTNAME", "SHELL", "TERM", "PWD", "USER"})
"""Variables whose values are shown: they say where things are, and every base image has them."""

DEEPEST = 32
"""Levels of a config blob; real ones have five. What lies deeper is not kept."""

SECRET = re.compile(
    r"(?i)pass(?:word|wd|phrase|code)|secret|token|api[_.-]?key|access[_.-]?key|private[_.-]?key|credential"
    r"|auth(?!ors?(?![a-z]))"
)
"""Part of a name whose value is hidden."""

NAMED = re.compile(r"(?<![\w.-])(?P<name>[\w.-]++)\\{0,4}+[\"']?+\s*+[=:]\s*+")
"""`TOKEN=`, `"password": `, also within quotes that are escaped."""

FLAG = re.compile(r"(?<!\S)--?(?P<name>[\w-]++)\s++(?!-)")
USER = re.compile(r"(?<!\S)(?P<flag>(?:-u|--user)(?:\s++|=))[^\s:]{1,200}+:\S++")
"""`curl -u name:password`."""

VALUE = re.compile(
    r"(?:(?i:bearer|basic|token)\s++)?+(?:\\{0,4}+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z))|[^\s\"';|&])++"
)

AUTHORITY = re.compile(r"://(?P<whole>[^\s/?#\"'<>]++)")
SHAPES = re.compile(
    r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|AKIA[0-9A-Z]{16}|xox[abprs]-[\w-]{10,}"
    r"|(?<![\w-])eyJ[\w-]{10,}+\.[\w-]{10,}+\.[\w-]*+|npm_[A-Za-z0-9]{20,}|cmVmdGtu\w{20,}|AKCp\w{50,}"
    r"|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
"""Tokens that are known by their form: of GitHub, GitLab, AWS, Slack, npm, JFrog; JSON web tokens; keys."""


def redacted(text: str) -> str:
    """Take out of a text what looks like a secret, and leave the rest readable."""
    text = SHAPES.sub(HIDDEN, text)
    text = AUTHORITY.sub(_without_user, text)
    text = USER.sub(rf"\g<flag>{HIDDEN}", text)
    return _without_values(_without_values(text, NAMED), FLAG)


def _without_user(found: re.Match[str]) -> str:
    """Of `name:password@host`, and of `token@host`, the host stays; a password may have an `@` too."""
    _, at, host = found["whole"].rpartition("@")
    return f"://{HIDDEN}@{host}" if at else found[0]


def _without_values(text: str, named: re.Pattern[str]) -> str:
    """Hide the values behind secret names; a value behind any other name may hold names itself."""
    parts: list[str] = []
    at = 0
    while found := named.search(text, at):
        parts.append(text[at : found.end()])
        at = found.end()
        if SECRET.search(found["name"]) and (value := VALUE.match(text, at)):
            parts.append(HIDDEN)
            at = value.end()
    return "".join([*parts, text[at:]])


def redacted_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Redact a config blob: `config.Env`, then every other text in it by its form."""
    clean = redacted_names(config)
    for part in ("config", "container_config"):
        inner, raw = clean.get(part), config.get(part)
        if isinstance(inner, dict) and isinstance(raw, dict) and isinstance(raw.get("Env"), list):
            inner["Env"] = [_variable(entry) for entry in raw["Env"] if isinstance(entry, str)]
    return clean


def redacted_names(named: Mapping[str, Any]) -> dict[str, Any]:
    """Redact labels or annotations: by their names, else by the form of what they say."""
    return {redacted(key): _labelled(key, value, 1) for key, value in named.items()}


def redacted_manifest(manifest: Manifest) -> Manifest:
    """Redact the annotations of a manifest or an index, and what an index says of its images' platforms.

    The rest are digests, sizes and media types; what else a manifest has is not in the struct.
    """
    return msgspec.structs.replace(
        manifest,
        annotations=redacted_names(manifest.annotations),
        manifests=tuple(
            msgspec.structs.replace(each, platform=redacted_names(each.platform)) if each.platform else each
            for each in manifest.manifests
        ),
    )


def _variable(entry: str) -> str:
    name, is_set, value = entry.partition("=")
    if not is_set:
        return redacted(name)
    return f"{redacted(name)}={redacted(value) if name in HARMLESS else HIDDEN}"


def _walk(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        return HIDDEN
    match value:
        case str():
            return redacted(value)
        case list():
            return [_walk(each, depth + 1) for each in value]
        case dict():
            return {redacted(str(key)): _labelled(str(key), each, depth + 1) for key, each in value.items()}
        case _:
            return value


def _labelled(key: str, value: Any, depth: int) -> Any:
    """A label may be a secret by its name alone."""
    if isinstance(value, str) and SECRET.search(key):
        return HIDDEN
    return _walk(value, depth)
