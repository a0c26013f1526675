"""A circuit breaker: who does not answer is left alone for a while. Pure; the caller has the clock.

closed ── `threshold` failures in a row ──▶ open ── after `rest_s` ──▶ one probe
  ▲                                          ▲                          │
  └────────────── success ───────────────────┼──────────────────────────┤
                                             └───────── failure ────────┘
"""

import msgspec


class Breaker(msgspec.Struct, frozen=True, kw_only=True):
    """The state after some calls. Times are seconds of any one monotonic clock."""

    threshold: int = 5
    rest_s: float = 30.0
    failures: int = 0  # in a row
    opened_at: float | None = None
    probe_at: float | None = None  # when the one probe was let through

    @property
    def is_open(self) -> bool:
        return self.opened_at is not None

    def wait_s(self, now: float) -> float:
        """Say how long to wait before a call may go out; 0: now.

        A probe that never reports (its caller was cancelled) makes room for another after `rest_s`.
        """
        since = self.opened_at if self.probe_at is None else self.probe_at
        return 0.0 if since is None else max(0.0, since + self.rest_s - now)

    def called(self, now: float) -> "Breaker":
        """A call goes out; from an open breaker it is the probe."""
        return msgspec.structs.replace(self, probe_at=now) if self.is_open else self

    def succeeded(self) -> "Breaker":
        return Breaker(threshold=self.threshold, rest_s=self.rest_s)

    def failed(self, now: float) -> "Breaker":
        failures = self.failures + 1
        opens = self.is_open or failures >= self.threshold
        return msgspec.structs.replace(
            self, failures=failures, opened_at=now if opens else None, probe_at=None
        )
