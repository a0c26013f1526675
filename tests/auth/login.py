"""Settings of a login at the stand-in."""

from reedbed.feeds.login_settings import Login
from safedep_standin.account import CLIENT_ID


def login_at(url: str) -> Login:
    return Login(
        client_id=CLIENT_ID,
        device_code_url=f"{url}/oauth/device/code",
        token_url=f"{url}/oauth/token",
        control_url=url,
    )
