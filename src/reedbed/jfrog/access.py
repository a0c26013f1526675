"""What the platform itself says of the token that asks."""

from datetime import datetime

import msgspec

from reedbed.errors import ReedbedError, Refused
from reedbed.jfrog.exchange import Call
from reedbed.jfrog.session import JFrog, connect
from reedbed.jfrog.token import TokenFacts, moment, read_token
from reedbed.jfrog.wire import TokenDetails
from reedbed.model.platform import Platform


async def token_facts(jfrog: JFrog) -> TokenFacts:
    """Say what is known of the token: its own claims, and over them what the platform has stored of it.

    A token that lives shorter than about three hours is not stored, and older Access services know no
    such call; then its own claims are all there is.

    Raises:
        Unreachable, Unreadable: as any call.
        Refused: the platform does not take the token.
    """
    try:
        stored = await jfrog.fetch(THIS_TOKEN, TokenDetails)
    except Refused as refused:
        if refused.status in {403, 404}:
            return jfrog.facts
        raise
    return merged(jfrog.facts, stored)


async def token_expiry(platform: Platform, token: str) -> datetime | None:
    """Find out when a token ends: from itself, else from the platform; None: never, or nobody says."""
    try:
        async with connect(platform, token) as jfrog:
            return (await token_facts(jfrog)).expires_at
    except ReedbedError:  # it may be stored untested
        return read_token(token).expires_at


def merged(facts: TokenFacts, stored: TokenDetails) -> TokenFacts:
    """Lay what the platform says over what the token says."""
    return msgspec.structs.replace(
        facts,
        token_id=stored.token_id or facts.token_id,
        subject=stored.subject or facts.subject,
        scopes=tuple(stored.scope.split()) or facts.scopes,
        expires_at=moment(stored.expiry) or facts.expires_at,
    )


THIS_TOKEN = Call(
    method="GET",
    route="/access/api/v1/tokens/me",
    doing="ask the platform about the access token",
)
