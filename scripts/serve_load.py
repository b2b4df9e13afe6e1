"""Measures the server under load and faults, and writes what was found as JSON.

    python scripts/serve_load.py --out benchmarks/serve
    python scripts/serve_load.py --only throughput --count 40

Parts may be measured one by one: the others in the file of the day stay.

512 x 512 JPEG in and out, no photo twice in the same mix, no results kept. The load comes from
this process, which shares the cores with the server: its processor time is measured, and shares
are told for the cores that it left. Needs the extras `server`, `bench` and, for jobs, `video`.
"""

import argparse
import asyncio
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np
from serve_load_alone import CORES, in_process
from serve_load_client import Answer, Client, Server, photos

from impasto.bench.facts import commit, date, machine, model_facts, versions
from impasto.engine.model import load_model

FRESH = {"cache_bytes": "0"}


def throughput(files: list[bytes], given: argparse.Namespace) -> dict[str, Any]:
    """The maximum rate, against the better of the two loops in one process."""
    with Server(FRESH) as server:
        client = Client(server.port, files)
        asyncio.run(client.closed_loop(2 * CORES, 4 * CORES))
        client = Client(server.port, files, number=10_000)
        mine, theirs = time.process_time(), server.cpu_seconds()
        seconds = asyncio.run(client.closed_loop(2 * CORES + 2, given.count))
        mine = time.process_time() - mine
        theirs = server.cpu_seconds() - theirs
    alone = in_process(files, given.count)
    left = CORES - mine / seconds
    rate = given.count / seconds
    best = max(loop.rate for loop in alone.values())
    return {
        "rate": rate,
        "in_process": {name: asdict(loop) for name, loop in alone.items()},
        "share": rate / best,
        "client_cpu_seconds": mine,
        "server_cpu_seconds": theirs,
        "server_cpu_seconds_a_photo": theirs / given.count,
        "cores_left": left,
        "share_of_the_cores_left": (rate / left) / (best / CORES),
        **told(client.answers, seconds),
    }


def half(files: list[bytes], given: argparse.Namespace) -> dict[str, Any]:
    """Delays at half of the maximum rate."""
    with Server(FRESH) as server:
        rate = _capacity(server, files, given) / 2
        client = Client(server.port, files, number=50_000)
        asyncio.run(client.open_loop(rate, given.seconds))
    found = told(client.answers, given.seconds)
    return {"rate": rate, **found, "p99_by_p50": found["painted"]["p99"] / found["painted"]["p50"]}


def overload(files: list[bytes], given: argparse.Namespace) -> dict[str, Any]:
    """Five times of what can be painted: what is accepted is in time, the rest is refused soon."""
    with Server({**FRESH, "deadline": str(given.deadline)}) as server:
        rate = 5 * _capacity(server, files, given)
        client, memory = Client(server.port, files, number=100_000), [server.memory()]
        health: list[float] = []

        async def run() -> None:
            task = asyncio.ensure_future(client.open_loop(rate, given.seconds))
            while not task.done():
                await asyncio.wait({task}, timeout=1.0)
                memory.append(server.memory())
                health.append(await client.ask("/readyz"))

        asyncio.run(run())
        alive = server.is_alive
    found = told(client.answers, given.seconds)
    return {
        "rate": rate,
        "deadline": given.deadline,
        "alive": alive,
        "readyz": delays(health),
        "memory_mb": [round(each / 2**20, 1) for each in memory],
        **found,
    }


def memory(files: list[bytes], given: argparse.Namespace) -> dict[str, Any]:
    """How memory grows over many requests."""
    samples: list[tuple[int, float]] = []
    with Server(FRESH) as server:
        client, done, step = Client(server.port, files), 0, max(1, given.requests // 100)
        while done < given.requests:
            asyncio.run(_closed(client, step))
            done += step
            samples.append((done, server.memory() / 2**20))
    settled = samples[len(samples) // 5 :]
    counts, sizes = ([sample[i] for sample in settled] for i in (0, 1))
    slope = float(np.polyfit(counts, sizes, 1)[0]) if len(settled) > 1 else 0.0
    return {
        "requests": done,
        "mb_per_1000_requests": 1000 * slope,
        "samples": samples[:: max(1, len(samples) // 20)],
        "statuses": statuses(client.answers),
    }


async def _closed(client: Client, count: int) -> None:
    await client.closed_loop(2 * CORES, count)
    client.disconnect()


def killed_decoders(files: list[bytes], given: argparse.Namespace) -> dict[str, Any]:
    """Kill -9 of a decoding process, again and again under load."""
    kills = 0
    with Server(FRESH) as server:
        client = Client(server.port, files)

        async def run() -> None:
            nonlocal kills
            task = asyncio.ensure_future(client.closed_loop(2 * CORES, given.count))
            while not task.done():
                await asyncio.wait({task}, timeout=given.pause)
                for process in server.decoders()[:1]:
                    process.kill()
                    kills += 1

        asyncio.run(run())
    return {"kills": kills, "statuses": statuses(client.answers)}


def killed_server(files: list[bytes], given: argparse.Namespace) -> dict[str, Any]:
    """Kill -9 of the server in the middle of jobs; the next one ends them."""
    with TemporaryDirectory() as home:
        first = Server({}, Path(home)).__enter__()
        urls = [_send_video(first, frames) for frames in (given.frames, 10)]
        _until(lambda: _job(first, urls[0])["progress"] > 0)
        first.end(signal.SIGKILL)
        with Server({}, Path(home)) as second:
            _until(lambda: all(_job(second, url)["state"] in _ENDED for url in urls))
            jobs = [_job(second, url) for url in urls]
    return {"jobs": len(jobs), "done": sum(job["state"] == "done" for job in jobs)}


_ENDED = ("done", "failed", "cancelled")


def _send_video(server: Server, frames: int) -> str:
    import av

    stream = BytesIO()
    with av.open(stream, "w", format="mp4") as container:
        track: Any = container.add_stream("libx264", rate=Fraction(25))
        track.width = track.height = 256
        track.pix_fmt = "yuv420p"
        for number in range(frames):
            pixels = np.full((256, 256, 3), number % 256, np.uint8)
            container.mux(track.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(track.encode())
    url = f"http://127.0.0.1:{server.port}/v1/videos"
    files = {"video": stream.getvalue()}
    answer = httpx.post(url, files=files, data={"style": "scream"}, timeout=60)
    return str(answer.json()["url"])


def _job(server: Server, url: str) -> dict[str, Any]:
    return dict(httpx.get(f"http://127.0.0.1:{server.port}{url}", timeout=60).json())


def _until(found: Callable[[], bool]) -> None:
    last = time.monotonic() + 600
    while not found():
        if time.monotonic() > last:
            raise SystemExit("a job takes more than 10 minutes")
        time.sleep(0.1)


def _capacity(server: Server, files: list[bytes], given: argparse.Namespace) -> float:
    client = Client(server.port, files)
    asyncio.run(client.closed_loop(2 * CORES, 4 * CORES))
    count = max(4 * CORES, given.count // 4)
    warm = Client(server.port, files, number=20_000)
    seconds = asyncio.run(warm.closed_loop(2 * CORES + 2, count))
    return float(count / seconds)


def told(answers: list[Answer], seconds: float) -> dict[str, Any]:
    """Delays in milliseconds of what was painted and what was refused."""
    painted = [each.seconds for each in answers if each.status == 200]
    refused = [each.seconds for each in answers if each.status == 503]
    return {
        "seconds": seconds,
        "statuses": statuses(answers),
        "painted": delays(painted),
        "refused": delays(refused),
    }


def statuses(answers: list[Answer]) -> dict[str, int]:
    """How many answers there were of each status; 0 is a connection that broke."""
    return {str(status): count for status, count in Counter(a.status for a in answers).items()}


def delays(seconds: list[float]) -> dict[str, float]:
    """Milliseconds."""
    if not seconds:
        return {}
    points = {"p50": 50, "p90": 90, "p99": 99, "max": 100}
    return {name: float(1000 * np.percentile(seconds, point)) for name, point in points.items()}


PARTS: dict[str, Callable[[list[bytes], argparse.Namespace], dict[str, Any]]] = {
    "throughput": throughput,
    "half": half,
    "overload": overload,
    "memory": memory,
    "killed_decoders": killed_decoders,
    "killed_server": killed_server,
}


def main() -> None:
    """Read the arguments, measure, and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="a folder; without it nothing is written")
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part")
    parser.add_argument("--count", type=int, default=400, help="photos for each rate")
    parser.add_argument("--seconds", type=float, default=60.0, help="of half and overload")
    parser.add_argument("--deadline", type=float, default=10.0, help="seconds, in overload")
    parser.add_argument("--requests", type=int, default=20_000, help="over which memory is seen")
    parser.add_argument("--pause", type=float, default=2.0, help="seconds between two kills")
    parser.add_argument("--frames", type=int, default=600, help="of the video of a job")
    given = parser.parse_args()
    files = photos(64)
    os.environ.pop("IMPASTO_SERVE_TOKEN", None)
    facts: dict[str, Any] = {
        "date": date(),
        "commit": asdict(found) if (found := commit()) else None,
        "versions": versions(),
        "machine": asdict(machine()),
        "model": asdict(model_facts(load_model())),
    }
    for name in given.only or PARTS:
        part = PARTS[name](files, given)
        print(json.dumps({name: part}), flush=True)
        if given.out:
            keep(name, {**facts, **part}, given.out / f"serve-{facts['date'][:10]}.json")


def keep(name: str, part: dict[str, Any], path: Path) -> None:
    """Write a part and where it was measured, beside those that are in the file already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    report = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    report |= {"benchmark": "serve", name: part}
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
