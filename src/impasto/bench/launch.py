"""Runs a command and prints its seconds, peak memory and exit code as JSON; for a small process.

Run as a file by an interpreter of its own (see `impasto.bench.process`): a system counts the memory
of whoever starts a process into that process's peak, so the starter must be small itself.
"""

import json
import subprocess
import sys
import time


def launch(command: list[str]) -> dict[str, float | int | str | None]:
    """Run a command to its end; its standard output is thrown away."""
    started = time.perf_counter()
    ended = subprocess.run(  # noqa: S603  # the command is ours
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    )
    seconds = time.perf_counter() - started
    stderr = ended.stderr.decode(errors="replace")
    return {
        "seconds": seconds,
        "peak_bytes": _peak_bytes(),
        "code": ended.returncode,
        "stderr": stderr,
    }


def _peak_bytes() -> int | None:
    """The peak resident memory of the largest process that was waited for; None on Windows."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    print(json.dumps(launch(sys.argv[1:])))
