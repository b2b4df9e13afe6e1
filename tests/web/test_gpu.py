"""The model on a GPU in the browser, in a browser of its own."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from impasto import Painter
from impasto.core.settings import EngineSettings
from impasto.engine.backends import open_backend

from ..browser import chromium
from .actions import OPENED, PAINT, from_url
from .conftest import PATIENCE


@pytest.mark.slow
def test_a_gpu_paints_as_python_does(exported: Path, site: str) -> None:
    """WebGPU, here on a GPU made of software, is at most 2 levels apart; it is used when asked for.

    Left to itself the page takes the CPU, which such a GPU is.
    """
    pixels = np.ascontiguousarray(data.astronaut()[60:108, 200:264])
    Image.fromarray(pixels).save(exported / "face.png")
    software = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader")
    layers = [{"parts": [["scream", 1]], "mask": None}]
    call = {"photo": "/face.png", "layers": layers, "strength": 1, "reference": None}
    with chromium(*software, "--enable-features=Vulkan") as browser:
        page = browser.new_page()
        page.set_default_timeout(10 * PATIENCE)
        page.goto(site)
        page.evaluate(OPENED)
        assert page.evaluate("window.engine.device") == "cpu"
        page.goto(f"{site}?compute=gpu")
        painted = from_url(page.evaluate(PAINT, call))
        assert page.evaluate("window.engine.device") == "gpu"
    backend = open_backend("onnxruntime", EngineSettings("float32"))
    wanted = Painter("scream", backend=backend).paint(pixels)
    assert np.abs(painted.astype(np.int16) - wanted).max() <= 2
