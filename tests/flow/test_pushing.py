"""Many changes at once: what came of each is written down, whichever others are under way."""

from flow.thread import EVENTS, Thread

CHANGES = 300  # several times as many as are settled in one transaction


async def test_no_change_is_carried_out_twice_in_one_run(embedded: Thread) -> None:
    for number in range(CHANGES):
        embedded.publish(f"MAL-2026-{number + 1}", f"reed-{number}", versions=["1.0.0"])

    counts = await embedded.run()

    assert (counts["created"], counts["unchanged"]) == (CHANGES, 0)
    assert len(await embedded.ledger()) == CHANGES
    reads = embedded.standin.platform.log.entries(method="GET", path=EVENTS.replace("v1", "v2"))
    assert len(reads) == 2 * CHANGES  # one before the write, one to prove it
