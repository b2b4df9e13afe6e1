"""The model in the browser alone: the same paintings as in Python, from files without a server."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from skimage import data

from impasto import Painter
from impasto.core.settings import EngineSettings
from impasto.engine.backends import open_backend
from impasto.engine.collage import view_of
from impasto.engine.grain import grain
from impasto.media.resize import thumbnail
from impasto.styles.library import Library

from .actions import (
    OPENED,
    PAINT,
    after,
    choose_photo,
    difference,
    from_url,
    open_page,
    repainted,
    settled,
    shown,
)

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Route


@pytest.fixture(scope="module")
def lab(desk: "BrowserContext", site: str) -> "Iterator[Page]":
    """A page whose modules are called one by one; the worker is opened once."""
    page = desk.new_page()
    page.goto(site)
    yield page
    page.close()


@pytest.fixture(scope="module")
def astronaut(exported: Path) -> np.ndarray:
    """A real photo of an odd size, also beside the page as a PNG."""
    pixels = np.ascontiguousarray(data.astronaut()[20:277, 90:391])
    Image.fromarray(pixels).save(exported / "astronaut.png")
    return pixels


def paint(page: "Page", **request: Any) -> np.ndarray:
    """What the worker makes of the astronaut."""
    return from_url(page.evaluate(PAINT, {"photo": "/astronaut.png", **request}))


@pytest.mark.parametrize(
    ("parts", "strength", "reference"),
    [
        ([["scream", 1]], 1.0, None),
        ([["scream", 0.6], ["udnie", 0.4]], 0.7, None),
        ([["red-fuji", 1]], 0.04, None),
        ([["great-wave", 1]], 1.0, 192),
        ([["great-wave", 1]], 1.0, 384),
    ],
)
def test_the_worker_paints_as_python_does(
    lab: "Page", astronaut: np.ndarray, parts: list[Any], strength: float, reference: int
) -> None:
    """At most 2 of 255 levels apart on a real photo: mixed, weakened, with larger strokes."""
    layers = [{"parts": parts, "mask": None}]
    painted = paint(lab, layers=layers, strength=strength, reference=reference)
    spec = ",".join(f"{name}:{weight}" for name, weight in parts)
    backend = open_backend("onnxruntime", EngineSettings("float32"))  # it compiles nothing
    painter = Painter(spec, strength=strength, stroke_reference=reference, backend=backend)
    wanted = painter.paint(astronaut)
    assert painted.shape == wanted.shape
    assert np.abs(painted.astype(np.int16) - wanted).max() <= 2


@pytest.mark.parametrize(
    ("size", "opacity"), [((1040, 600), 255), ((1040, 600), 254), ((24, 14), 255)]
)
def test_large_and_tiny_photos_are_painted_as_in_python(
    lab: "Page", exported: Path, size: tuple[int, int], opacity: int
) -> None:
    """Painted at once, or measured in patches, or tiny and enlarged: at most 2 levels apart."""
    photo = Image.fromarray(data.astronaut()[:296]).resize(size, Image.Resampling.LANCZOS)
    photo.putalpha(opacity)  # not quite opaque ones are measured apart
    photo.save(exported / "resized.png")
    layers = [{"parts": [["scream", 1]], "mask": None}]
    call = {"photo": "/resized.png", "layers": layers, "strength": 1, "reference": None}
    painted = from_url(lab.evaluate(PAINT, call))
    painter = Painter("scream", backend=open_backend("onnxruntime", EngineSettings("float32")))
    wanted = np.asarray(painter.paint(photo).convert("RGB"))
    assert np.abs(painted.astype(np.int16) - wanted).max() <= 2


def test_without_a_gpu_the_cpu_paints(lab: "Page") -> None:
    """A browser that offers none loads the CPU's runtime, and nobody has to ask for it."""
    lab.evaluate(OPENED)
    assert lab.evaluate("window.engine.device") == "cpu"


_BROKEN_GPU = """
navigator.gpu.requestAdapter = async () => ({
  info: { isFallbackAdapter: false },
  features: new Set(),
  limits: {},
  requestDevice: async () => { throw new Error("lost"); },
});
"""


def test_a_gpu_that_fails_is_given_up_for_the_cpu(desk: "BrowserContext", site: str) -> None:
    """A GPU that is offered and cannot be opened costs a warning, and the CPU paints."""
    page = desk.new_page()
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text))

    def broken(route: "Route") -> None:
        script = route.fetch()
        route.fulfill(response=script, body=_BROKEN_GPU + script.text())

    page.route("**/engines/worker.js", broken)
    page.goto(site)
    layers = [{"parts": [["scream", 1]], "mask": None}]
    call = {"photo": "/sample.jpg", "layers": layers, "strength": 1, "reference": None}
    painted = from_url(page.evaluate(PAINT, call))
    assert page.evaluate("window.engine.device") == "cpu"
    assert any("painting on the CPU: the GPU failed (" in line for line in said), said
    page.close()
    assert painted.std() > 10


_VIEW = """async ({ bytes, opacity, width, height, size }) => {
  const { viewOf } = await import("/js/model/collage.js");
  const pixels = { data: new Uint8Array(bytes), width, height, channels: 3 };
  const plane = opacity && { data: new Uint8Array(opacity), width, height, channels: 1 };
  const view = viewOf(pixels, plane, size);
  const planes = [view.pixels, view.opacity];
  return [...planes.map((each) => each && [each.width, Array.from(each.data)]), view.side];
}"""


@pytest.mark.parametrize(
    ("height", "width", "shown", "has_patches"),
    [
        (191, 120, None, False),  # just not large
        (120, 192, None, True),
        (258, 40, None, True),  # the patches overlap
        (2, 300, None, False),  # nothing but seams
        (180, 262, (slice(40, 153), slice(80, 201)), True),
        (180, 262, (slice(40, 41), slice(80, 82)), False),  # too little shows
        (180, 262, (slice(0, 0), slice(0, 0)), False),  # nothing is half opaque
    ],
)
def test_what_is_measured_is_what_python_measures(
    lab: "Page",
    height: int,
    width: int,
    shown: tuple[slice, slice] | None,
    has_patches: bool,
) -> None:
    """Thumbnail or patches, every byte is the same, and what each weighs."""
    noise = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    alpha = None
    if shown is not None:
        alpha = noise[..., 0] // 32
        alpha[shown] |= 128
    call = {"bytes": noise.ravel().tolist(), "width": width, "height": height, "size": 128}
    opacity = None if alpha is None else alpha.ravel().tolist()
    (across, pixels), weight, side = lab.evaluate(_VIEW, {**call, "opacity": opacity})
    wanted = view_of(noise, alpha, 128)
    is_thumbnail = np.array_equal(wanted.pixels, thumbnail(noise, 128))
    assert (side, is_thumbnail) == (wanted.side, not has_patches)
    assert (across, pixels) == (wanted.pixels.shape[1], wanted.pixels.ravel().tolist())
    levels = [255] * wanted.weight.size if weight is None else weight[1]
    np.testing.assert_allclose(levels, 255 * wanted.weight.ravel(), rtol=0, atol=0.01)


_MASKED = """async ({ photo, parts, regions, strength }) => {
  const { maskPlane } = await import("/js/masks/file.js");
  const { width, height } = await createImageBitmap(await (await fetch(photo)).blob());
  const mask = new OffscreenCanvas(width, height);
  const pen = mask.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(width / 4, height / 3, width / 2, height / 3);
  const layers = [{ parts, mask: null }, { parts: regions, mask }];
  const url = await (PAINT)({ photo, layers, strength, reference: null });
  const plane = Array.from(new Uint8Array(maskPlane(mask).data));
  return { url, plane };
}""".replace("PAINT", PAINT)


@pytest.mark.parametrize("region", ["udnie", "photo"])
def test_regions_are_painted_as_python_paints_them(
    lab: "Page", astronaut: np.ndarray, region: str
) -> None:
    """A region with a soft edge is measured on what shows of it, here as in Python."""
    call = {"parts": [["scream", 1]], "regions": [[region, 1]], "strength": 0.9}
    found = lab.evaluate(_MASKED, {"photo": "/astronaut.png", **call})
    mask = np.array(found["plane"], np.uint8).reshape(astronaut.shape[:2])
    assert 0 < mask.mean() < 255
    assert len(np.unique(mask)) > 10
    backend = open_backend("onnxruntime", EngineSettings("float32"))
    painter = Painter("scream", strength=0.9, masks={region: mask}, backend=backend)
    wanted = painter.paint(astronaut)
    assert np.abs(from_url(found["url"]).astype(np.int16) - wanted).max() <= 2


def test_grain_is_that_of_the_engine(lab: "Page") -> None:
    """The noise that strokes start from is the same to the last bit."""
    call = "async () => Array.from((await import('/js/model/grain.js')).grain(37, 53))"
    assert lab.evaluate(call) == grain(37, 53).ravel().tolist()


_RESIZE = """async ({ bytes, width, height, to, filter }) => {
  const { resize } = await import("/js/model/resize.js");
  const pixels = { data: new Uint8Array(bytes), width, height, channels: 3 };
  return Array.from(resize(pixels, ...to, filter).data);
}"""


@pytest.mark.parametrize("to", [(31, 17), (90, 64), (1, 1), (47, 31), (13, 80)])
@pytest.mark.parametrize("filter_name", ["box", "bilinear", "lanczos"])
def test_resizing_is_that_of_pillow(lab: "Page", to: tuple[int, int], filter_name: str) -> None:
    """Columns first, then rows, rounded in between: every byte is the same."""
    pixels = np.random.default_rng(1).integers(0, 256, (31, 47, 3), np.uint8)
    call = {"bytes": pixels.ravel().tolist(), "width": 47, "height": 31, "filter": filter_name}
    resized = lab.evaluate(_RESIZE, {**call, "to": list(to)})
    how = Image.Resampling[filter_name.upper()]
    wanted = Image.fromarray(pixels).resize((to[0], 31), how).resize(to, how)
    assert resized == np.asarray(wanted).ravel().tolist()


def test_hostile_packages_are_refused(lab: "Page") -> None:
    """Cut, made up or too large: an error, and never a style."""
    good = (Library().find("scream")[0]).read_bytes()
    header = json.dumps(
        {"code": {"dtype": "F16", "shape": [2, 9], "data_offsets": [0, 4]}}
    ).encode()
    bad = [b"", good[:7], good[:500], b"\xff" * 64, good * 9]
    bad.append(len(header).to_bytes(8, "little") + header + bytes(4))
    read = """async (bytes) => {
      const { readPackage } = await import("/js/model/package.js");
      try { return readPackage(new Uint8Array(bytes).buffer).name; }
      catch (error) { return error instanceof Error ? null : "not an error"; }
    }"""
    assert lab.evaluate(read, list(good)) == "scream"
    for package in bad:
        assert lab.evaluate(read, list(package)) is None


def test_the_exported_page_paints_without_a_server(page: "Page", site: str, photo: Path) -> None:
    """All of a visit from files alone: a photo, a style, a region, and the download."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_page(page, site)
    assert not page.is_visible("[role=tablist]")
    choose_photo(page, photo)
    scream = shown(page)
    after(page, "[data-style=great-wave]")
    wave = shown(page)
    assert difference(wave, scream) > 10
    page.click("[data-region=add]")
    page.click("[data-style=photo]")
    version = settled(page)
    page.focus("#viewer")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    repainted(page, version)
    marked = shown(page)
    height, width = marked.shape[:2]
    inside = slice(height * 2 // 5, height * 3 // 5), slice(width * 2 // 5, width * 3 // 5)
    original = shown(page, "#before")
    assert difference(marked[inside], original[inside]) < 2
    assert difference(marked[:, : width // 5], original[:, : width // 5]) > 10
    with page.expect_download() as waiting:
        page.click("#download")
    with Image.open(io.BytesIO(Path(waiting.value.path()).read_bytes())) as image:
        assert image.format == "JPEG"
        assert difference(np.asarray(image), marked) < 6
    assert all(url.startswith((site, "blob:", "data:")) for url in asked)


def test_a_transparent_picture_keeps_its_opacity(lab: "Page", exported: Path) -> None:
    """What is transparent stays so and bleeds no hidden colour: the rest is what Python paints."""
    pixels = np.full((96, 128, 4), (200, 120, 60, 255), np.uint8)
    pixels[:, 64:] = 0
    Image.fromarray(pixels, "RGBA").save(exported / "half.png")
    layers = [{"parts": [["scream", 1]], "mask": None}]
    call = {"photo": "/half.png", "layers": layers, "strength": 1, "reference": None}
    painted = from_url(lab.evaluate(PAINT, call), "RGBA").astype(np.int16)
    assert (painted[..., 3] == pixels[..., 3]).all()
    backend = open_backend("onnxruntime", EngineSettings("float32"))
    wanted = np.asarray(Painter("scream", backend=backend).paint(Image.fromarray(pixels, "RGBA")))
    assert np.abs(painted[:, :64] - wanted[:, :64]).max() <= 2
