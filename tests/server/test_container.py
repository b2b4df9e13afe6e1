"""What runs in a container, as far as that can be tried without one."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from impasto.core.memory import parse_memory
from impasto.server.settings import PREFIX, settings_from

ROOT = Path(__file__).resolve().parents[2]


def test_options_of_docker_run_reach_the_server(tmp_path: Path) -> None:
    """The image's command hands on what stands behind its name, blanks and all."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (entry,) = re.findall(r"^ENTRYPOINT (\[.*\])$", text, re.MULTILINE)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        [*json.loads(entry), "--host", "0.0.0.0", "--token", "with blanks in it"],  # noqa: S104
        env={**os.environ, "PATH": path, "TMPDIR": str(tmp_path / "tmp")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode != 0
    assert "the token must be at least 16 characters from" in run.stderr
    assert (tmp_path / "tmp").is_dir()


def test_the_memory_of_the_container_holds_what_its_processes_may_take() -> None:
    """A job and all decoders at their limits leave room for the server."""
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    found = re.findall(rf"^ +({PREFIX}\w+): (\w+)", text, re.MULTILINE)
    settings = settings_from(dict(found))
    assert settings.decoders > 0, "one a core may be any number"
    taken = settings.video_memory + settings.decoders * settings.decoder_memory
    (limit,) = re.findall(r"^ +mem_limit: (\w+)", text, re.MULTILINE)
    assert parse_memory(limit.upper()) - taken >= parse_memory("2G")
