"""What Prometheus is told. The only module of prometheus-client."""

from collections.abc import Callable, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

MEDIA_TYPE = CONTENT_TYPE_LATEST

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The numbers of one server.

    Args:
        gauges: what is asked for when the numbers are read, by name: its help and its value now.
    """

    def __init__(self, gauges: Mapping[str, tuple[str, Callable[[], float]]]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = registry = CollectorRegistry()
        self.requests = Counter(
            "impasto_requests",
            "Requests answered.",
            ("route", "method", "status"),
            registry=registry,
        )
        self.seconds = Histogram(
            "impasto_request_seconds",
            "From the head of a request to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.stages = Histogram(
            "impasto_stage_seconds",
            "Stages of a painting, with waiting for them.",
            ("stage",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.pixels = Counter("impasto_pixels", "Pixels painted.", registry=registry)
        self.hits = Counter("impasto_cache_hits", "Paintings that were there.", registry=registry)
        self.misses = Counter(
            "impasto_cache_misses", "Paintings that had to be made.", registry=registry
        )
        self.live = Counter("impasto_live_frames", "Frames of cameras painted.", registry=registry)
        self.refused = Counter(
            "impasto_refused", "Requests turned away because all were busy.", registry=registry
        )
        self.lost = Counter(
            "impasto_decoders_lost", "Decoding processes that were replaced.", registry=registry
        )
        for name, (about, value) in gauges.items():
            Gauge(f"impasto_{name}", about, registry=registry).set_function(value)

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self.requests.labels(route, method, str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def painted(self, stages: Mapping[str, float], pixels: int) -> None:
        """A picture was painted."""
        for name, seconds in stages.items():
            self.stages.labels(name).observe(seconds)
        self.pixels.inc(pixels)

    def text(self) -> bytes:
        """All numbers, as Prometheus reads them."""
        return generate_latest(self._registry)
