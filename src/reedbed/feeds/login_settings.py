"""Where a person logs in for SafeDep's feed: the authority of the device flow, and the control plane.

Addresses as in github.com/safedep/cli, internal/auth. A client id is not among them: that of SafeDep's own
program is SafeDep's, so an operator who wants the device flow asks for one.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from reedbed.feeds.settings import LOOPBACK


class Login(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `reedbed auth login` asks, and where."""

    client_id: Annotated[
        str, Meta(description="OAuth client id for the device flow. Empty: log in with an API key.")
    ] = ""
    device_code_url: Annotated[str, Meta(description="Where the device flow begins.")] = (
        "https://auth.safedep.io/oauth/device/code"
    )
    token_url: Annotated[str, Meta(description="Where the device flow ends.")] = (
        "https://auth.safedep.io/oauth/token"  # noqa: S105 - an address
    )
    audience: Annotated[str, Meta(description="What the login is for. Empty: not said.")] = (
        "https://cloud.safedep.io"
    )
    scope: Annotated[str, Meta(description="The scopes that are asked for.")] = "openid profile email"
    control_url: Annotated[
        str, Meta(description="The control plane, which makes the API key. Empty: you make it yourself.")
    ] = "https://cloud.safedep.io"
    key_days: Annotated[int, Meta(ge=1, description="Days until an API key made at login expires.")] = 90
    timeout_s: Annotated[float, Meta(gt=0, description="Seconds for one request of a login.")] = 30.0

    def __post_init__(self) -> None:
        for url in filter(None, (self.device_code_url, self.token_url, self.control_url)):
            if not (url.startswith("https://") or LOOPBACK.match(url)) or "@" in url:
                raise ValueError("an address of the login is not https://, or holds a user name")
