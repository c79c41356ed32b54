"""What goes on behind the requests: outbox, streams and their readers, and jobs."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from monitoring.dashboards.board import COUNT, EACH_SECOND, EVENTS, SECONDS, Limit, Panel, board, panel
from monitoring.dashboards.promql import largest, quantile, rate

OF = 'service=~"$service"'


def jobs_and_events() -> Dashboard:
    rows = [
        ("Outbox", _outbox()),
        ("Streams", _streams()),
        ("Readers", _readers()),
        ("Jobs", _backlog()),
        ("Jobs that run", _done()),
    ]
    services = 'label_values(up{component="worker"}, service)'
    return board("jobs-and-events", "Jobs and events", __doc__ or "", rows, variables={"service": services})


def _outbox() -> list[Panel]:
    return [
        panel(
            "Published events",
            rate("type", "events_published_total", OF),
            unit=EVENTS,
            runbook="outbox-not-moving",
            says="Brought to Redis. None while the outbox is not empty: the relay stands still.",
        ),
        panel(
            "Oldest event in the outbox",
            largest("service", "outbox_oldest_seconds", OF),
            unit=SECONDS,
            runbook="outbox-not-moving",
            limit=Limit(60),
            says="What waits here the other services do not know. Redis down, no worker, or a full stream.",
        ),
        panel(
            "Events in the outbox",
            largest("service", "outbox_pending", OF),
            unit=COUNT,
            runbook="outbox-not-moving",
            says="Saved and not published; counted up to 100,000. What only grows stands still.",
        ),
    ]


def _streams() -> list[Panel]:
    return [
        panel(
            "Length of the streams",
            largest("service", "events_stream_length", OF),
            unit=COUNT,
            runbook="event-stream-full",
            says="Kept in Redis for their readers. What only grows: a reader that has stopped.",
        ),
        panel(
            "Full streams",
            largest("service", "events_stream_full", OF),
            unit=COUNT,
            runbook="event-stream-full",
            limit=Limit(1),
            says="1: the relay waits for the slowest reader, nothing is lost, and nothing is published.",
        ),
        panel(
            "Abandoned groups",
            largest("stream, group", "events_group_abandoned", OF),
            unit=COUNT,
            runbook="event-group-abandoned",
            limit=Limit(1),
            says="1: events wait for a group that nobody runs, and will fill the stream.",
        ),
    ]


def _readers() -> list[Panel]:
    return [
        panel(
            "Handled events",
            rate("service, source, outcome", "events_handled_total", OF),
            unit=EVENTS,
            runbook="consumer-lag",
            says="By reader and source. `dead` could not be handled; many `duplicate`: acknowledgments "
            "do not arrive.",
        ),
        panel(
            "Unread events",
            largest("service, source", "events_lag", OF),
            unit=COUNT,
            runbook="consumer-lag",
            limit=Limit(1000),
            says="Published by the source and not read: the reader is too slow, or does not run.",
        ),
        panel(
            "Oldest unfinished event",
            largest("service, group", "events_group_oldest_seconds", OF),
            unit=SECONDS,
            runbook="consumer-lag",
            limit=Limit(300),
            says="How far the group's copy of the service's data is behind.",
        ),
        panel(
            "Read and not acknowledged",
            largest("service, source", "events_unfinished", OF),
            unit=COUNT,
            runbook="consumer-lag",
            width=12,
            says="Being handled, or left by a worker that died; another one takes them over.",
        ),
        panel(
            "Dead letters",
            largest("service", "events_dead_letters", OF),
            unit=COUNT,
            runbook="dead-letters",
            limit=Limit(1),
            width=12,
            says="Await a decision: replay after the fault is mended, or discard.",
        ),
    ]


def _backlog() -> list[Panel]:
    return [
        panel(
            "Jobs that wait",
            largest("service, kind", "jobs_waiting", OF),
            unit=COUNT,
            runbook="jobs-not-starting",
            says="Due and not started; workers are scaled by it. Grows: more work than the workers can do.",
        ),
        panel(
            "Oldest job",
            largest("service, kind", "jobs_oldest_seconds", OF),
            unit=SECONDS,
            runbook="jobs-not-starting",
            limit=Limit(300),
            says="What somebody has asked for and has not begun.",
        ),
        panel(
            "Held jobs",
            largest("service, kind", "jobs_held", OF),
            unit=COUNT,
            runbook="jobs-held",
            limit=Limit(1),
            says="Failed permanently and await a decision.",
        ),
    ]


def _done() -> list[Panel]:
    by = "service, kind"
    return [
        panel(
            "Jobs done",
            rate(by, "jobs_completed_total", OF),
            unit=EACH_SECOND,
            runbook="jobs-failing",
            says="None while jobs wait: no worker, or all its places are held by slow ones.",
        ),
        panel(
            "Tries that failed",
            rate(by, "jobs_failed_total", OF),
            unit=EACH_SECOND,
            runbook="jobs-failing",
            says="Each is a line in the log. They are tried again, and held in the end. Empty is good.",
        ),
        panel(
            "A try's time (p95)",
            quantile(0.95, by, "job_duration_seconds", OF),
            unit=SECONDS,
            runbook="jobs-not-starting",
            says="Slow kinds hold the places that the others wait for.",
        ),
    ]
