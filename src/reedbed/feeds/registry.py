"""Which class reads which kind of feed: a new kind is a new file, its settings, and a line here."""

from typing import assert_never

from reedbed.feeds.feed import Feed
from reedbed.feeds.osv import Osv
from reedbed.feeds.own_list import OwnList
from reedbed.feeds.safedep import SafeDep
from reedbed.feeds.safedep_access import Credentials, nobody
from reedbed.feeds.safedep_list import SafeDepList
from reedbed.feeds.settings import (
    FeedSettings,
    OsvSettings,
    OwnListSettings,
    SafeDepListSettings,
    SafeDepSettings,
)


def open_feed(settings: FeedSettings, *, credentials: Credentials = nobody) -> Feed:
    """Make the feed that the settings describe. Nothing is read, asked or reached before `Feed.read`."""
    match settings:
        case OsvSettings():
            return Osv(settings)
        case OwnListSettings():
            return OwnList(settings)
        case SafeDepSettings():
            return SafeDep(settings, credentials)
        case SafeDepListSettings():
            return SafeDepList(settings, credentials)
        case _:
            assert_never(settings)
