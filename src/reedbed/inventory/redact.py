"""Taking secrets out of what images say of themselves, before it is kept. Pure.

Build arguments and environment variables are where people leave tokens. Of `Env` the names stay and the
values go, but for those that say where things are; commands, history and labels lose what looks like one.
"""

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "[redacted]"

HARMLESS = frozenset({"PATH", "LANG", "LC_ALL", "TZ", "HOME", "HOSTNAME", "SHELL", "TERM", "PWD", "USER"})
"""Variables whose values are shown: they say where things are, and every base image has them."""

NAMES = (
    r"(?:pass(?:word|wd|phrase)|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential"
    r"|auth(?!or))"
)
VALUE = r"(?P<value>\"[^\"]*+\"|'[^']*+'|[^\s\"';|&]++)"
ASSIGNED = re.compile(rf"(?i)(?P<name>{NAMES}[\w.-]*+)(?P<is>\s*+[=:]\s*+){VALUE}")
FLAG = re.compile(rf"(?i)(?P<name>(?<!\S)--?[\w-]{{0,40}}?{NAMES}[\w-]*+)(?P<is>\s++)(?!-){VALUE}")
"""Nothing here can be made to try again and again: the text is a stranger's."""

IN_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^\s/@:]+:[^\s/@]+@")
SHAPES = re.compile(
    r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|AKIA[0-9A-Z]{16}|xox[abprs]-[\w-]{10,}"
    r"|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*|npm_[A-Za-z0-9]{20,}|cmVmdGtu[\w]{20,}|AKCp[\w]{50,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
    re.DOTALL,
)
"""Tokens that are known by their form: of GitHub, GitLab, AWS, Slack, npm, JFrog; JSON web tokens; keys."""


def redacted(text: str) -> str:
    """Take out of a line what looks like a secret, and leave the rest readable."""
    text = SHAPES.sub(HIDDEN, text)
    text = IN_URL.sub(rf"\g<scheme>{HIDDEN}@", text)
    for assigned in (ASSIGNED, FLAG):
        text = assigned.sub(lambda found: f"{found['name']}{found['is']}{HIDDEN}", text)
    return text


def redacted_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Redact a config blob: `config.Env`, then every other text in it by its form."""
    clean = {key: _walk(value) for key, value in config.items()}
    for part in ("config", "container_config"):
        inner = clean.get(part)
        if isinstance(inner, dict) and isinstance(inner.get("Env"), list):
            inner["Env"] = [_variable(entry) for entry in inner["Env"] if isinstance(entry, str)]
    return clean


def _variable(entry: str) -> str:
    name, is_set, value = entry.partition("=")
    if not is_set:
        return redacted(name)
    return f"{name}={redacted(value) if name in HARMLESS else HIDDEN}"


def _walk(value: Any) -> Any:
    match value:
        case str():
            return redacted(value)
        case list():
            return [_walk(each) for each in value]
        case dict():
            return {redacted(str(key)): _labelled(str(key), each) for key, each in value.items()}
        case _:
            return value


def _labelled(key: str, value: Any) -> Any:
    """A label may be a secret by its name alone."""
    if isinstance(value, str) and re.search(rf"(?i){NAMES}", key):
        return HIDDEN
    return _walk(value)
