"""What manifests say in annotations is redacted before anything of it is kept."""

import zlib

from sqlalchemy import Connection, select

from inventory.pond import pond
from jfrog_standin.artifactory import images
from reedbed.store.database import Database
from reedbed.store.inventory.assets import ASSETS
from reedbed.store.inventory.landed import BLOBS, LANDED

SECRET = b"hunter2-hunter2"
PLAIN = b"2026-05-01T00:00:00Z"
NOTES = {
    "org.opencontainers.image.created": PLAIN.decode(),
    "org.opencontainers.image.source": f"https://ci:{SECRET.decode()}@git.example/team/app",
    "ci.deploy-token": SECRET.decode(),
}


def kept(connection: Connection) -> bytes:
    bodies = [row.body for table in (BLOBS, LANDED) for row in connection.execute(select(table.c.body))]
    mapped = connection.execute(select(ASSETS.c.mapped)).scalars().all()
    return b"".join(map(zlib.decompress, bodies)) + repr(mapped).encode()


async def test_a_secret_in_an_annotation_is_not_kept(file_database: Database) -> None:
    layer = images.layer({"app": b"1"})
    async with pond(file_database) as the:
        the.add_repository("oci-local", package_type="oci")
        storage = the.standin.platform.artifactory
        one = images.image([layer], annotations=NOTES)
        images.put(storage, "oci-local", "app", "1.0", one)
        other = images.image([layer], config={"Labels": {"of": "index"}}, annotations=NOTES)
        images.put(storage, "oci-local", "app", "2.0", images.index([other], annotations=NOTES))

        await the.sync()
        first = await the.db.read(kept)
        await the.sync()  # from what is kept

        assert PLAIN in first
        assert SECRET not in first
        assert SECRET not in await the.db.read(kept)
