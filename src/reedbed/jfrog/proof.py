"""Whether Xray keeps an issue as it was sent: the comparison that turns “201” into “proved”. Pure."""

import hashlib

import msgspec

from reedbed.jfrog.custom_issue import CustomIssue
from reedbed.jfrog.wire import IssueEcho
from reedbed.model.text import one_line


def fingerprint(issue: CustomIssue) -> str:
    """Hash all that an issue says, so that a change of any of it shows; the same in every process."""
    return hashlib.sha256(msgspec.json.encode(issue, order="deterministic")).hexdigest()


def same(issue: CustomIssue, echo: IssueEcho) -> list[str]:
    """List how what Xray shows differs in anything that decides what is blocked; empty: proved.

    Words may come back in another casing (terraform-provider-xray, issue 406), versions in either of two
    places and in any order, and with fields that nobody sent.
    """
    words = [
        ("id", issue.id, echo.id),
        ("provider", issue.provider, echo.provider),
        ("package_type", issue.package_type, echo.package_type),
        ("severity", issue.severity, echo.severity),
    ]
    differences = [
        f"{name}: sent {sent!r}, shows {one_line(shown, limit=80)!r}"
        for name, sent, shown in words
        if sent.lower() != shown.lower()
    ]
    return [*differences, *_components(issue, echo)]


def outdated(issue: CustomIssue, echo: IssueEcho) -> bool:
    """Whether Xray's issue would gain by being written again, be it in its words alone."""
    texts = [(issue.summary, echo.summary), (issue.description, echo.description)]
    other_words = any(sent.split() != shown.split() for sent, shown in texts)
    other_kind = echo.issue_kind is not None and echo.issue_kind != issue.issue_kind
    return other_words or other_kind or bool(same(issue, echo))


def _components(issue: CustomIssue, echo: IssueEcho) -> list[str]:
    sent = {component.id: set(component.vulnerable_versions) for component in issue.components}
    shown: dict[str, set[str]] = {}
    none: set[str] = set()
    for component in echo.components or ():
        shown.setdefault(component.id, set()).update(component.versions())
    return [
        f"versions of {one_line(name, limit=80)}: {_difference(sent.get(name, none), shown.get(name, none))}"
        for name in sorted(sent.keys() | shown.keys())
        if sent.get(name) != shown.get(name)
    ]


def _difference(sent: set[str], shown: set[str]) -> str:
    missing, added = sorted(sent - shown)[:5], sorted(shown - sent)[:5]
    parts = [f"lacks {' '.join(missing)}" if missing else "", f"has added {' '.join(added)}" if added else ""]
    return one_line(", ".join(filter(None, parts)) or "none", limit=200)
