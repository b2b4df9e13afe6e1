"""All verbs of `impasto bench`."""

from collections.abc import Callable

from impasto.cli.bench import bench
from impasto.cli.bench_baseline import baseline
from impasto.cli.bench_features import features
from impasto.cli.bench_profile import int8, profile
from impasto.cli.bench_quality import quality, report
from impasto.cli.bench_speed import speed
from impasto.cli.bench_styles import encoding
from impasto.cli.bench_throughput import throughput
from impasto.cli.bench_thumbnail import thumbnail
from impasto.cli.bench_video import video
from impasto.cli.bench_vote import vote, votes

VERBS: list[Callable[..., None]] = [
    *(speed, features, baseline, quality, report, encoding, profile, int8),
    *(throughput, thumbnail, video, vote, votes),
]
for verb in VERBS:
    bench.command()(verb)
