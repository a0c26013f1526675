"""Tells webhooks of new violations: which rule of which policy names which webhook."""

from collections.abc import Iterable, Iterator

import msgspec

from jfrog_standin import system
from jfrog_standin.platform import Platform
from jfrog_standin.xray.violation import Violation
from jfrog_standin.xray.webhook import payload

USER_AGENT = f"Xray/{system.XRAY_VERSION}"


def announce(platform: Platform, violations: Iterable[Violation]) -> None:
    """Begin to send an alert for each watch, policy and rule that found something new."""
    groups: dict[tuple[str, str, str], list[Violation]] = {}
    for violation in violations:
        for match in violation.matched:
            groups.setdefault((violation.watch, match.policy, match.rule), []).append(violation)
    for (_, policy, rule), found in groups.items():
        for name in _webhooks(platform, policy, rule):
            alert = payload(found, policy=policy, rule=rule, at=platform.clock.now())
            webhook = platform.xray.webhooks[name]
            platform.deliveries.send(webhook, msgspec.json.encode(alert), user_agent=USER_AGENT)


def anybody_listens(platform: Platform) -> bool:
    """Does any rule name a webhook that there is?"""
    policies = (stored.policy for stored in platform.xray.policies.values())
    named = (name for policy in policies for rule in policy.rules for name in rule.actions.webhooks or ())
    return any(name in platform.xray.webhooks for name in named)


def _webhooks(platform: Platform, policy: str, rule: str) -> Iterator[str]:
    for entry in platform.xray.policies[policy].policy.rules:
        if entry.name == rule:
            yield from (name for name in entry.actions.webhooks or () if name in platform.xray.webhooks)
