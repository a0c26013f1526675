"""Which class reads which kind of feed: a new kind is a new file, its settings, and a line here."""

from typing import assert_never

from reedbed.feeds.feed import Feed
from reedbed.feeds.osv import Osv
from reedbed.feeds.own_list import OwnList
from reedbed.feeds.settings import FeedSettings, OsvSettings, OwnListSettings


def open_feed(settings: FeedSettings) -> Feed:
    """Make the feed that the settings describe. Nothing is read or reached before `Feed.read`."""
    match settings:
        case OsvSettings():
            return Osv(settings)
        case OwnListSettings():
            return OwnList(settings)
        case _:
            assert_never(settings)
