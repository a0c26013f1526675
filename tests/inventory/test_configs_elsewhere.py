"""An image whose config is in a store elsewhere says so, until the operator names that store."""

import msgspec

from inventory.pond import CONNECTION, Flaw, pond
from jfrog_standin.settings import StandIn
from reedbed.inventory.run.context import Mode
from reedbed.jfrog.session import connect
from reedbed.model.records import ImageRecord
from reedbed.store.database import Database
from reedbed.store.inventory import landed


async def test_an_image_says_why_its_config_is_missing(file_database: Database) -> None:
    async with pond(file_database, StandIn()) as the:
        the.add_repository("docker-local")
        digest = the.push("docker-local", "app", "1.0", "c1", Flaw(1))
        the.standin.platform.switch(blob_redirects=True)

        async def record() -> ImageRecord:
            await the.sync(Mode.FULL)
            native = f"docker-local/app@{digest}"
            bodies = await the.db.read(landed.newest, CONNECTION, "docker-image", [native])
            return msgspec.json.decode(bodies[native], type=ImageRecord)

        without = await record()
        store = the.standin.platform.blob_store.url.removeprefix("https://")
        named = msgspec.structs.replace(the.jfrog.platform, blob_hosts=(store,))
        async with connect(named, the.standin.admin_token) as the.jfrog:
            whole = await record()

        assert without.blob_config is None
        assert "store that may not be asked" in (without.blob_config_missing or "")
        assert whole.blob_config
        assert whole.blob_config_missing is None
        assert len(await the.findings()) == 1
