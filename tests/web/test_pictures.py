"""The script that takes the pictures of the page in `docs/`."""

import os
import subprocess
import sys
from pathlib import Path

from ..browser import chromium

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "page_pictures.py"
_NO_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{}</dir></fontconfig>"""


def test_without_a_chinese_font_no_picture_is_taken(tmp_path: Path) -> None:
    """It says in a line what to install, before it asks for any page."""
    with chromium():
        pass  # skips where there is none
    (tmp_path / "fonts.conf").write_text(_NO_FONTS.format(tmp_path))
    surroundings = {**os.environ, "FONTCONFIG_FILE": str(tmp_path / "fonts.conf")}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "http://127.0.0.1:9/"],
        env=surroundings,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "no font has Chinese characters here: apt-get install fonts-wqy-microhei\n"
    )
