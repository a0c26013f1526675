"""Tells subscribers when files come and go in Artifactory.

Source: jfrog.com/help, domain-artifact and domain-docker, for `data`; the envelope and the header of the
secret are from the Terraform provider and the field. That the signature is a hexadecimal HMAC-SHA256 is a
report, and the switch `event_signature` puts something before it. Ours: how often delivery is tried.
"""

import hashlib
import hmac
from typing import Any, Literal

import msgspec

from jfrog_standin.artifactory import docker_layout, oci
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Item
from jfrog_standin.event.subscription import EventHandler, Subscription
from jfrog_standin.platform import Platform
from jfrog_standin.xray.webhook import Webhook

Happening = Literal["deployed", "deleted"]

USER_AGENT = "Event/7.126.0"
SECRET = "X-JFrog-Event-Auth"


def tell(platform: Platform, happening: Happening, item: Item) -> None:
    """Begin to tell whoever wants to know that a file has come or gone."""
    wanting = [one for one in platform.subscriptions.values() if one.enabled]
    repository = platform.artifactory.owner(item.repo)
    if not wanting or repository is None or item.is_folder:
        return
    for domain, event in _events(repository, happening, item):
        for subscription in wanting:
            if _wants(subscription, domain, event, repository, item):
                _send(platform, subscription, domain, event, item)


def _events(repository: Repository, happening: Happening, item: Item) -> list[tuple[str, str]]:
    deployed = "cached" if repository.rclass == "remote" else "deployed"
    events = [("artifact", deployed if happening == "deployed" else "deleted")]
    if repository.package_type in docker_layout.PACKAGE_TYPES and _is_image(item):
        events.append(("docker", "pushed" if happening == "deployed" else "deleted"))
    return events


def _is_image(item: Item) -> bool:
    return item.name in {docker_layout.MANIFEST, docker_layout.LIST} and docker_layout.tagged(item)


def _wants(subscription: Subscription, domain: str, event: str, repository: Repository, item: Item) -> bool:
    asked = subscription.event_filter
    right = asked.domain == domain and event in asked.event_types
    return right and asked.criteria.hold(repository, item.path)


def _send(platform: Platform, subscription: Subscription, domain: str, event: str, item: Item) -> None:
    payload = {
        "domain": domain,
        "event_type": event,
        "data": _data(platform, domain, event, item),
        "subscription_key": subscription.key,
        "jpd_origin": platform.url,
        "source": "jfrog/admin",
    }
    body = msgspec.json.encode(payload)
    for handler in subscription.handlers:
        headers = {entry.name: entry.value for entry in handler.custom_http_headers or ()}
        if handler.secret:
            headers[SECRET] = _auth(handler, body, platform.switches.event_signature)
        webhook = Webhook(name=subscription.key, url=handler.url, headers=headers)
        platform.deliveries.send(webhook, body, user_agent=USER_AGENT)


def _auth(handler: EventHandler, body: bytes, prefix: str) -> str:
    if not handler.use_secret_for_signing:
        return handler.secret
    return prefix + hmac.new(handler.secret.encode(), body, hashlib.sha256).hexdigest()


def _data(platform: Platform, domain: str, event: str, item: Item) -> dict[str, Any]:
    data: dict[str, Any] = {
        "repo_key": item.repo,
        "event_type": event,
        "path": item.path,
        "name": item.name,
        "sha256": item.checksums.sha256 if item.checksums else "",
        "size": item.size,
    }
    if domain != "docker":
        return data
    name, _, tag = item.folder.rpartition("/")
    return data | {"image_name": name, "tag": tag, "platforms": _platforms(platform, item)}


def _platforms(platform: Platform, item: Item) -> list[dict[str, str]]:
    """The platforms that an index names; of a single image none is told here."""
    manifest = oci.stored_manifest(platform.artifactory.body(item))
    named = (entry.platform for entry in manifest.manifests) if manifest is not None else ()
    return [{"architecture": one.architecture, "os": one.os} for one in named if one is not None]
