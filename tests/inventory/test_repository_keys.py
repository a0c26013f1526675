"""A remote's files are in its cache, and shown by the remote's key; any other key is what it is."""

from inventory.pond import Flaw, pond
from inventory.streams_of import choose, post
from reedbed.jfrog.artifactory import storages
from reedbed.jfrog.repository_facts import storage
from reedbed.jfrog.wire import Repo
from reedbed.model.inventory import Stream, Triage
from reedbed.store.database import Database
from reedbed.store.inventory import known

LOCAL, OTHER = "docker-cache", "docker"


async def test_a_local_repository_keeps_its_key_whatever_that_ends_in(file_database: Database) -> None:
    async with pond(file_database) as the:
        for key in (LOCAL, OTHER):
            the.add_repository(key)
        the.push(LOCAL, "app", "1.0", "c1", Flaw(1))
        the.push(OTHER, "app", "1.0", "c2", Flaw(2))

        await the.sync()

        places = await the.db.read(known.places, "pond")
        assert {(row.repository, row.path) for row in places} == {(LOCAL, "app"), (OTHER, "app")}
        assert {key[:2] for key in await the.findings()} == {
            (f"{LOCAL}/app", "CVE-2026-0001"),
            (f"{OTHER}/app", "CVE-2026-0002"),
        }


async def test_a_rule_about_a_repository_that_is_named_like_a_cache_hides_nothing_elsewhere(
    file_database: Database,
) -> None:
    async with pond(file_database) as the:
        for key in (LOCAL, OTHER):
            the.add_repository(key)
            the.push(key, "app", "1.0", "c1", Flaw(1))
        artifact = {"name": "app", "version": "1.0", "path": f"{LOCAL}/app/"}
        filters = {"cves": [Flaw(1).key], "artifacts": [artifact]}
        await post(the, "/xray/api/v1/ignore_rules", {"notes": "known", "ignore_filters": filters})
        choose(the, Stream.IGNORE_RULES)

        await the.sync()

        judged = {key[0]: view.triage for key, view in (await the.findings()).items()}
        assert judged == {f"{LOCAL}/app": Triage.SUPPRESSED, f"{OTHER}/app": Triage.OPEN}


async def test_what_a_repository_holds_is_its_own(file_database: Database) -> None:
    async with pond(file_database) as the:
        for key in (LOCAL, OTHER):
            the.add_repository(key)
        the.push(OTHER, "app", "1.0", "c1")

        usage = await storage(the.jfrog)

        assert usage[LOCAL].files_count == 0
        assert usage[OTHER].files_count


def test_only_a_remote_has_its_files_in_a_cache() -> None:
    types = {"docker-cache": "LOCAL", "far": "REMOTE", "near": "FEDERATED", "all": "VIRTUAL"}
    repositories = [Repo(key=key, type=kind, packageType="Docker") for key, kind in types.items()]

    found = storages(repositories)

    assert found == {"docker-cache": "docker-cache", "far-cache": "far", "near": "near"}
