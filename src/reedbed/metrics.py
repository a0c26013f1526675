"""The figures of the daemon, for Prometheus. One table says what they are; docs/metrics.md is made of it.

Labels hold only words of the operator's or ours: names of platforms and feeds, route templates, status codes.
Never a package's name, a version or a message: those are written by strangers, and there is no end to them.
"""

import platform as machine
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Final, Literal

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from reedbed.jobs import Job, Outcome

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4

LABEL = re.compile(r"[A-Za-z0-9_.:{}/*+ -]{1,120}")
COUNTED: Final = ("seen", "pushed", "held", "failed")
BUCKETS_S: Final = (0.1, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)

Kind = Literal["counter", "gauge", "histogram"]


class Metric(msgspec.Struct, frozen=True):
    """One line of the table."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: str


TABLE: Final = (
    Metric(
        "reedbed_records_total",
        "counter",
        ("flow", "feed", "platform", "result"),
        "Records that ended runs have `seen`, `pushed`, `held` or `failed` (the label `result`).",
    ),
    Metric(
        "reedbed_outbox_changes",
        "gauge",
        ("platform", "state"),
        "Changes of custom issues in the outbox: `queued` ones are due, `held` ones wait for a person.",
    ),
    Metric(
        "reedbed_outbox_oldest_seconds",
        "gauge",
        ("platform",),
        "Age of the oldest queued change. It grows where changes fail again and again.",
    ),
    Metric(
        "reedbed_left_out_packages",
        "gauge",
        ("platform",),
        "Flagged packages that are not pushed, being neither recent nor in Artifactory (relevance.md).",
    ),
    Metric(
        "reedbed_open_findings",
        "gauge",
        ("platform",),
        "Flagged files that the platform has, as the hunts have found them, and that nobody quarantined.",
    ),
    Metric(
        "reedbed_last_success_timestamp_seconds",
        "gauge",
        ("flow", "feed", "platform"),
        "When a run last succeeded, as Unix time, whichever worker carried it out.",
    ),
    Metric(
        "reedbed_api_answers_total",
        "counter",
        ("platform", "route", "status"),
        "Answers of JFrog by route template and HTTP status; `none` where nobody answered.",
    ),
    Metric(
        "reedbed_credential_expiry_seconds",
        "gauge",
        ("platform",),
        "Seconds until the credential expires: a platform's token, or the API key of `safedep/` and a "
        "profile. Negative when it has. Absent where that is not known.",
    ),
    Metric(
        "reedbed_repositories",
        "gauge",
        ("platform", "package_type", "state"),
        "Repositories by whether blocking is `proved` in them, else `stale`, `failed`, `untried` or `open` "
        "(proofs.md), held against the last look of `reedbed intel proofs`. Absent before the first.",
    ),
    Metric(
        "reedbed_runs_total",
        "counter",
        ("flow", "feed", "platform", "outcome"),
        "Runs that this worker ended: `succeeded`, `failed`, `cancelled`, `skipped`, `lost` (operations.md).",
    ),
    Metric(
        "reedbed_run_seconds",
        "histogram",
        ("flow", "feed", "platform"),
        "Duration of the runs that this worker ended, but for skipped ones.",
    ),
    Metric(
        "reedbed_hook_deliveries_total",
        "counter",
        ("connection", "source", "outcome"),
        "Deliveries of JFrog's webhooks that this worker answered: `accepted`, `repeated`, or why they were "
        "refused (hooks.md).",
    ),
    Metric(
        "reedbed_hints_waiting",
        "gauge",
        ("connection",),
        "Images that JFrog told of and that no run has looked at yet. Absent where none waits.",
    ),
    Metric("reedbed_live_runs", "gauge", (), "Runs that this worker is carrying out now."),
    Metric("reedbed_build_info", "gauge", ("version", "python"), "Always 1; says what is running."),
)


class Outbox(msgspec.Struct, frozen=True, kw_only=True):
    """What waits in one platform's outbox."""

    platform: str
    queued: int
    held: int
    oldest_queued_at: datetime | None


class Readings(msgspec.Struct, frozen=True, kw_only=True):
    """What the store says at one moment, for metrics and readiness alike: it is true for all workers."""

    outboxes: Sequence[Outbox] = ()
    left_out: Mapping[str, int] = {}  # platform: flagged packages that are not relevant there
    findings: Mapping[str, int] = {}  # platform: open ones
    credentials: Mapping[str, datetime | None] = {}  # platform, or safedep/profile: when it ends
    last_success: Mapping[str, datetime] = {}  # job name: when a run of it last succeeded
    repositories: Mapping[tuple[str, str, str], int] = {}  # by platform, package type, and state of the proof
    hints: Mapping[str, int] = {}  # connection: that wait


class Metrics:
    """The live figures of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}
        for metric in TABLE:
            self._add(metric)
        self._gauges["reedbed_build_info"].labels(version("reedbed"), machine.python_version()).set(1)

    def _add(self, metric: Metric) -> None:
        name, meaning, labels, registry = metric.name, metric.meaning, metric.labels, self.registry
        match metric.kind:
            case "counter":
                self._counters[name] = Counter(name, meaning, labels, registry=registry)
            case "gauge":
                self._gauges[name] = Gauge(name, meaning, labels, registry=registry)
            case "histogram":
                self._histograms[name] = Histogram(
                    name, meaning, labels, buckets=BUCKETS_S, registry=registry
                )

    def api_answered(self, platform: str, route: str, status: int | None) -> None:
        """Count one answer of JFrog.

        `route` is a template, such as `GET /xray/api/v2/events/{id}`; a `status` of None means no answer.
        """
        labels = (_label(platform), _label(route), "none" if status is None else str(status))
        self._counters["reedbed_api_answers_total"].labels(*labels).inc()

    def hook_answered(self, connection: str, source: str, outcome: str) -> None:
        """Count one delivery of a webhook; `outcome` is a word of ours."""
        self._counters["reedbed_hook_deliveries_total"].labels(_label(connection), source, outcome).inc()

    def run_began(self) -> None:
        self._gauges["reedbed_live_runs"].inc()

    def run_stopped(self) -> None:
        self._gauges["reedbed_live_runs"].dec()

    def run_ended(self, job: Job, outcome: Outcome, *, duration_s: float, counts: Mapping[str, int]) -> None:
        names = (job.flow, job.feed or "", job.platform or "")
        self._counters["reedbed_runs_total"].labels(*names, outcome.value).inc()
        self._histograms["reedbed_run_seconds"].labels(*names).observe(duration_s)
        for result in COUNTED:
            self._counters["reedbed_records_total"].labels(*names, result).inc(max(0, counts.get(result, 0)))

    def run_skipped(self, job: Job) -> None:
        names = (job.flow, job.feed or "", job.platform or "")
        self._counters["reedbed_runs_total"].labels(*names, Outcome.SKIPPED.value).inc()

    def show(self, readings: Readings, jobs: Sequence[Job], *, now: datetime) -> None:
        """Bring the gauges to what the store says; platforms that are gone disappear."""
        for name in (
            "reedbed_outbox_changes",
            "reedbed_outbox_oldest_seconds",
            "reedbed_left_out_packages",
            "reedbed_open_findings",
            "reedbed_credential_expiry_seconds",
            "reedbed_last_success_timestamp_seconds",
            "reedbed_repositories",
            "reedbed_hints_waiting",
        ):
            self._gauges[name].clear()
        for outbox in readings.outboxes:
            self._show_outbox(outbox, now)
        for name, numbers in (
            ("reedbed_left_out_packages", readings.left_out),
            ("reedbed_open_findings", readings.findings),
            ("reedbed_hints_waiting", readings.hints),
        ):
            for label, number in numbers.items():
                self._gauges[name].labels(_label(label)).set(number)
        for platform, expires_at in readings.credentials.items():
            if expires_at is not None:
                left_s = (expires_at - now).total_seconds()
                self._gauges["reedbed_credential_expiry_seconds"].labels(_label(platform)).set(left_s)
        for (platform, package_type, state), number in readings.repositories.items():
            self._gauges["reedbed_repositories"].labels(_label(platform), package_type, state).set(number)
        for job in jobs:
            if at := readings.last_success.get(job.name):
                gauge = self._gauges["reedbed_last_success_timestamp_seconds"]
                gauge.labels(job.flow, job.feed or "", job.platform or "").set(at.timestamp())

    def _show_outbox(self, outbox: Outbox, now: datetime) -> None:
        platform = _label(outbox.platform)
        changes = self._gauges["reedbed_outbox_changes"]
        changes.labels(platform, "queued").set(outbox.queued)
        changes.labels(platform, "held").set(outbox.held)
        age_s = (now - outbox.oldest_queued_at).total_seconds() if outbox.oldest_queued_at else 0.0
        self._gauges["reedbed_outbox_oldest_seconds"].labels(platform).set(max(0.0, age_s))

    def page(self) -> bytes:
        """Write all figures in Prometheus' text format."""
        return generate_latest(self.registry)


def reference_page() -> str:
    """Write docs/metrics.md."""
    rows = [
        f"| `{m.name}` | {m.kind} | {', '.join(f'`{label}`' for label in m.labels)} | {m.meaning} |"
        for m in TABLE
    ]
    return "\n".join(
        [
            "# Metrics",
            "",
            "Made from the table in `src/reedbed/metrics.py`; change it there and run `make docs`.",
            "",
            "`GET /metrics` of the daemon's listener answers in Prometheus' text format. Counters and",
            "durations are those of the answering worker; add them up over all. The outbox, credentials and",
            "last successes are read from the store, so each worker gives the same for all. The process's",
            "own `process_…` figures are there too. Labels are never written by strangers: no package names,",
            "versions or messages.",
            "",
            "| metric | kind | labels | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _label(text: str) -> str:
    """Let only words of ours through; what a stranger may have written becomes `other`."""
    return text if LABEL.fullmatch(text) else "other"
