"""One live platform: everything that a request may read or change, in one place."""

import asyncio
import secrets

import msgspec
from aiohttp import web

from jfrog_standin.access import Access
from jfrog_standin.artifactory.curation import Curation
from jfrog_standin.artifactory.docker_sessions import Uploads
from jfrog_standin.artifactory.npm_advisories import Advisory
from jfrog_standin.artifactory.ordering import Orders
from jfrog_standin.artifactory.remotes import Remotes
from jfrog_standin.artifactory.storage import Storage
from jfrog_standin.blob_store import BlobStore
from jfrog_standin.clock import Clock
from jfrog_standin.cold_start import ColdStart
from jfrog_standin.event.subscription import Subscription
from jfrog_standin.faults import FaultTable
from jfrog_standin.requestlog import RequestLog
from jfrog_standin.seeding.seed import Seed
from jfrog_standin.seeding.world import World
from jfrog_standin.settings import StandIn, Switches
from jfrog_standin.xray.delivery import Deliveries
from jfrog_standin.xray.xray import Xray


class Platform:
    """The state of one stand-in, all in memory.

    `switches` is one frozen value: replace it, or use `switch`, to change behaviour.
    """

    def __init__(self, settings: StandIn) -> None:
        self.settings = settings
        self.url = ""  # known when the server listens: "https://127.0.0.1:40123"
        self.switches = settings.switches
        self.clock = Clock(lambda: self.switches.clock_skew_s)
        self.access = Access(
            clock=self.clock, switches=lambda: self.switches, admin_password=settings.admin_password
        )
        self.artifactory = Storage(now=self.clock.now)
        self.orders = Orders(self.artifactory)
        self.blob_store = BlobStore(lambda sha256: self.artifactory.content(sha256=sha256))
        self.remotes = Remotes(self.artifactory)
        self.curation = Curation()
        self.advisories: list[Advisory] = []  # what `npm audit` is told
        self.cold_start = ColdStart()
        self.uploads = Uploads()
        self.xray = Xray(
            repositories=self.artifactory.repositories, clock=self.clock, switches=lambda: self.switches
        )
        self.subscriptions: dict[str, Subscription] = {}  # of the event service, by their keys
        self.world: World | None = None  # what was grown from a seed, if anything
        self.deliveries = Deliveries(switches=lambda: self.switches)
        self.faults = FaultTable()
        self.log = RequestLog()
        self.control_token = secrets.token_urlsafe(32)
        self.stopping = asyncio.Event()

    def grow(self, seed: Seed) -> World:
        """Fill the platform from a seed; it takes some 0.2 ms for each image."""
        self.world = World(seed, self.artifactory)
        self.xray.seeded = self.world
        return self.world

    def switch(self, **changes: object) -> Switches:
        """Change some switches by name, checked like any other input.

        Raises:
            msgspec.ValidationError: no such switch, or a value that it can't have.
        """
        changed = {**msgspec.structs.asdict(self.switches), **changes}
        self.switches = msgspec.convert(changed, Switches)
        return self.switches


PLATFORM = web.AppKey("platform", Platform)


def platform_of(request: web.Request) -> Platform:
    """Give the platform that a request was made to."""
    return request.app[PLATFORM]
