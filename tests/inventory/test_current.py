"""A connection's policy on current images: what it leaves out opens nothing, and keeps nothing open."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import select

from inventory.pond import CONNECTION, START, Flaw, Pond, pond
from jfrog_standin.artifactory import images
from jfrog_standin.faults import Fault, Params
from reedbed.inventory.connection.current import Current, Tag, judged, written
from reedbed.inventory.connection.filters import Share
from reedbed.inventory.run import previewing
from reedbed.inventory.run.context import Mode
from reedbed.model.inventory import Status
from reedbed.store.database import Database
from reedbed.store.inventory.streams import RUN_EVENTS

REPO = "docker-local"
DAY = timedelta(days=1)
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def tag(name: str, age_days: float | None, *, path: str = "app") -> Tag:
    at = None if age_days is None else NOW - timedelta(days=age_days)
    return Tag(repository=REPO, path=path, tag=name, uploaded_at=at)


TAGS = [tag("1.0", 30), tag("1.1", 20), tag("2.0-rc1", 2), tag("2.0", 1), tag("dev", None)]
OTHER = tag("0.1", 90, path="other")


@pytest.mark.parametrize(
    ("policy", "current"),
    [
        (Current(), {"1.0", "1.1", "2.0-rc1", "2.0", "dev", "0.1"}),
        (Current(newest_tags=2), {"2.0-rc1", "2.0", "0.1"}),
        (Current(tags=(r"re:\d+\.\d+",)), {"1.0", "1.1", "2.0", "0.1"}),
        (Current(tags=(r"re:\d+\.\d+",), newest_tags=1), {"2.0", "0.1"}),
        (Current(not_tags=("*-rc*", "dev")), {"1.0", "1.1", "2.0", "0.1"}),
        (Current(used_within_days=7), {"1.0", "2.0-rc1", "2.0", "dev"}),
        (Current(used_within_days=7, newest_tags=1), {"2.0"}),
    ],
)
def test_all_that_a_policy_says_must_hold(policy: Current, current: set[str]) -> None:
    found = judged(policy, [*TAGS, OTHER], {("app", "1.0")}, now=NOW)

    assert {each.tag for each, is_ in found.items() if is_} == current
    assert set(found.values()) <= {True, False}


def test_without_word_of_downloads_what_hangs_on_them_is_not_known() -> None:
    found = judged(Current(used_within_days=7, not_tags=("1.1",)), TAGS, None, now=NOW)

    assert {each.tag: is_ for each, is_ in found.items()} == {
        "1.0": None, "1.1": False, "2.0-rc1": True, "2.0": True, "dev": True,
    }  # fmt: skip


@pytest.mark.parametrize("wrong", [{"newest_tags": 0}, {"used_within_days": 0.0}, {"tags": ("re:(",)}])
def test_a_policy_that_can_not_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        msgspec.convert(wrong, Current)


def test_a_policy_is_written_in_words() -> None:
    assert written(Current(newest_tags=3, tags=("v*",))) == ["newest tags 3", "tags v*"]


@pytest.fixture
async def the(file_database: Database) -> AsyncIterator[Pond]:
    async with pond(file_database) as made:
        made.add_repository(REPO)
        _upload(made, "1.0", START - 40 * DAY, Flaw(1), Flaw(2))
        _upload(made, "2.0", START - DAY, Flaw(2))
        yield made


def _upload(the: Pond, name: str, at: datetime, *flaws: Flaw) -> None:
    """Put an image there at a moment of the past."""
    made = images.image([images.layer({"content": name.encode()})], docker=True)
    images.put(the.standin.platform.artifactory, REPO, "app", name, made, at=at)
    assert the.digest_of(name) == made.digest
    the.find(made.digest, *flaws)


def use(the: Pond, **policy: object) -> None:
    the.scope = msgspec.structs.replace(the.scope, current=msgspec.convert(policy, Current))


async def seen(the: Pond, mode: Mode = Mode.FULL) -> dict[str, tuple[Status, int]]:
    """How findings stand by their CVE, and how many current images have them."""
    await the.sync(mode)
    return {key[1]: (view.status, view.images) for key, view in (await the.findings()).items()}


async def test_what_only_older_images_have_is_fixed_by_a_policy_and_comes_back_with_it(the: Pond) -> None:
    every = await seen(the)
    use(the, newest_tags=1)
    newest = await seen(the)
    again = await seen(the, Mode.DELTA)
    use(the)
    back = await seen(the)

    one, two = Flaw(1).key, Flaw(2).key
    assert every == {one: (Status.NEW, 1), two: (Status.NEW, 2)}
    assert newest == {one: (Status.FIXED, 0), two: (Status.ACTIVE, 1)}
    assert again == newest
    assert back[one] == (Status.REOPENED, 1)
    assert back[two][1] == 2


async def test_an_image_that_is_not_current_opens_nothing(the: Pond) -> None:
    use(the, tags=["2.*"])

    assert await seen(the) == {Flaw(2).key: (Status.NEW, 1)}


@pytest.mark.parametrize("downloaded", [False, True])
async def test_an_old_image_counts_while_somebody_downloads_it(the: Pond, downloaded: bool) -> None:
    storage = the.standin.platform.artifactory
    manifest = storage.get(REPO, "app/1.0/manifest.json")
    assert manifest is not None
    if downloaded:
        storage.count_download(manifest, by="alice")
    use(the, used_within_days=7)

    found = await seen(the)

    assert found[Flaw(2).key] == (Status.NEW, 1 + downloaded)
    assert (Flaw(1).key in found) is downloaded


async def test_where_artifactory_does_not_tell_of_downloads_nothing_ends(the: Pond) -> None:
    before = await seen(the)
    use(the, used_within_days=7)
    after_listing = Fault(kind="status", path="*/search/aql", skip=3, count=1, params=Params(status=403))
    the.standin.platform.faults.add(after_listing)

    after = await seen(the)

    told = await the.db.read(lambda c: set(c.execute(select(RUN_EVENTS.c.code)).scalars()))
    assert "downloads-not-read" in told
    assert all(status.open for status, _ in after.values())
    assert after.keys() == before.keys()


async def test_a_preview_counts_what_a_policy_would_come_to(the: Pond) -> None:
    the.push(REPO, "other", "pr-1", "c3")
    await the.sync()

    async def counted(**policy: object) -> tuple[Share, Share]:
        wanted = msgspec.convert(policy, Current)
        found = await previewing.current(the.jfrog, the.db, CONNECTION, wanted, now=START)
        return found.images, found.tags

    assert await counted() == (Share(2, 0), Share(3, 0))
    assert await counted(newest_tags=1) == (Share(2, 0), Share(2, 1))
    assert await counted(not_tags=["pr-*"]) == (Share(1, 1), Share(2, 1))
    assert await counted(used_within_days=7) == (Share(2, 0), Share(3, 0))  # Reedbed has just read all


async def test_the_images_of_an_index_count_as_the_index_does(file_database: Database) -> None:
    async with pond(file_database) as the:
        the.add_repository(REPO)
        the.push_index(REPO, "app", "1.0", {"amd": [Flaw(1)], "arm": [Flaw(2)]})
        use(the, not_tags=["1.*"])
        none = await seen(the)
        use(the)
        both = await seen(the)

    assert none == {}
    assert both == {Flaw(1).key: (Status.NEW, 1), Flaw(2).key: (Status.NEW, 1)}
