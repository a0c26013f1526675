"""Under which address a caller reaches this Artifactory."""

from aiohttp import web


def base_url(request: web.Request) -> str:
    """The URL up to and with "/artifactory", as the caller sees it; what links in answers start with.

    A reverse proxy says otherwise by X-JFrog-Override-Base-Url.
    """
    override = request.headers.get("X-JFrog-Override-Base-Url", "")
    return f"{override.rstrip('/') or request.url.origin()}/artifactory"
