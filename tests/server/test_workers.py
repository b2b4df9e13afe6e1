"""The processes that decode and encode."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from impasto.core.errors import ImageError, OutputError
from impasto.media.image import Picture
from impasto.server.arena import Arena
from impasto.server.settings import ServeSettings
from impasto.server.workers import Decoder, DecoderPool, WorkerLostError

from .conftest import picture_file, pixels_of

SMALL = ServeSettings(max_pixels=4_000_000, max_bytes=8_000_000, decoder_memory=2**29)


def with_pool(
    work: Callable[[DecoderPool], Awaitable[None]], settings: ServeSettings = SMALL, count: int = 1
) -> None:
    """Run something with a pool."""

    async def run() -> None:
        pool = DecoderPool(settings, count)
        await pool.start()
        try:
            await work(pool)
        finally:
            await pool.close()

    asyncio.run(run())


def test_pictures_pass_through_unchanged() -> None:
    """What is decoded is what the file holds, and what is encoded holds what was given."""

    async def work(pool: DecoderPool) -> None:
        image = Image.fromarray(np.arange(4 * 5 * 4, dtype=np.uint8).reshape(4, 5, 4))
        stream = BytesIO()
        image.save(stream, "PNG", dpi=(72, 72))
        picture = await pool.decode(stream.getvalue(), "it")
        assert np.array_equal(picture.pixels, np.asarray(image)[..., :3])
        assert picture.alpha is not None
        assert np.array_equal(picture.alpha, np.asarray(image)[..., 3])
        data = await pool.encode(picture, "png", record={"style": "x"})
        again = await pool.decode(data, "it")
        assert np.array_equal(again.pixels, picture.pixels)

    with_pool(work)


def test_errors_are_those_of_the_media_layer() -> None:
    """Broken and huge pictures raise ImageError, impossible formats OutputError; work goes on."""

    async def work(pool: DecoderPool) -> None:
        with pytest.raises(ImageError, match="the photo is a GIF, which is read as a video"):
            await pool.decode(b"GIF89a", "the photo")
        with pytest.raises(ImageError, match="too many pixels"):
            await pool.decode(picture_file(16), "the photo", max_pixels=10)
        wide = Picture(np.zeros((1, 17_000, 3), np.uint8), None, None, None, "PNG")
        with pytest.raises(OutputError, match="WEBP holds at most"):
            await pool.encode(wide, "webp")
        assert (await pool.decode(picture_file(16), "it")).pixels.shape == (16, 16, 3)

    with_pool(work)


@pytest.mark.slow
def test_the_largest_picture_can_be_written_in_any_format() -> None:
    """What the limits of pixels let in fits the limits of memory and time, AVIF too."""
    defaults = ServeSettings(decoder_seconds=120)  # the machine may be busy
    side = int(defaults.max_pixels**0.5)

    async def work(pool: DecoderPool) -> None:
        coarse = np.random.default_rng(0).integers(0, 256, (side // 50 + 1, side // 50 + 1, 3))
        pixels = coarse.astype(np.uint8).repeat(50, 0).repeat(50, 1)[:side, :side]
        picture = Picture(np.ascontiguousarray(pixels), None, None, None, "PNG")
        for name in ("jpeg", "png", "webp", "avif", "tiff"):
            assert len(await pool.encode(picture, name)) > 10_000, name

    with_pool(work, defaults)


def test_a_picture_that_breaks_its_encoder_is_told_as_such() -> None:
    """Too little memory to write it is no fault of the file that was sent."""

    async def work(pool: DecoderPool) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (2_000, 2_000, 3), np.uint8)
        picture = Picture(pixels, None, None, None, "PNG")
        with pytest.raises((ImageError, OutputError), match=r"write|encoder"):
            await pool.encode(picture, "avif")
        assert len(await pool.encode(picture, "jpeg")) > 10_000

    with_pool(work, replace(SMALL, decoder_memory=2**28 + 2**26))


def test_a_killed_process_costs_no_answer() -> None:
    """An order whose process is killed is carried out by another one; the pool stays full."""

    async def work(pool: DecoderPool) -> None:
        (before,) = pool.pids
        os.kill(before, signal.SIGKILL)
        photo = picture_file(16)
        picture = await pool.decode(photo, "it")
        assert np.array_equal(picture.pixels, pixels_of(photo))
        (after,) = pool.pids
        assert after != before

    with_pool(work)


def test_a_process_that_is_killed_at_work_is_told_apart() -> None:
    """SIGKILL from outside is a lost worker; a crash on the picture is the picture's fault."""

    async def run() -> None:
        for number, error in ((signal.SIGKILL, WorkerLostError), (signal.SIGSEGV, ImageError)):
            decoder = await Decoder.started(SMALL)
            os.kill(decoder.process.pid, signal.SIGSTOP)
            order = asyncio.ensure_future(decoder.ask({"do": "decode"}, 60))
            await asyncio.sleep(0)
            os.kill(decoder.process.pid, number)
            os.kill(decoder.process.pid, signal.SIGCONT)
            with pytest.raises(error):
                await order

    asyncio.run(run())


def test_a_process_that_takes_too_long_is_replaced() -> None:
    """Its picture is refused, and the next one is decoded by a new process."""

    async def work(pool: DecoderPool) -> None:
        (before,) = pool.pids
        os.kill(before, signal.SIGSTOP)
        with pytest.raises(ImageError, match=r"more than 0\.5 s"):
            await pool.decode(picture_file(16), "it")
        while before in pool.pids or not pool.pids:
            await asyncio.sleep(0.05)
        os.kill(pool.pids[0], 0)

    with_pool(work, ServeSettings(max_pixels=10**6, max_bytes=10**6, decoder_seconds=0.5))


def test_memory_of_a_process_is_bounded() -> None:
    """A picture that needs more than is allowed is refused, and the server's memory stays."""

    async def work(pool: DecoderPool) -> None:
        image = Image.new("I;16", (6_000, 6_000))
        stream = BytesIO()
        image.save(stream, "PNG")
        with pytest.raises(ImageError, match="memory"):
            await pool.decode(stream.getvalue(), "it")
        assert (await pool.decode(picture_file(16), "it")).pixels.shape == (16, 16, 3)

    tight = ServeSettings(max_pixels=40_000_000, max_bytes=10**6, decoder_memory=2**27 + 2**26)
    with_pool(work, tight)


def test_whoever_leaves_does_not_mix_up_answers() -> None:
    """An order that is given up half way is finished before the next one is given."""

    async def work(pool: DecoderPool) -> None:
        first = asyncio.ensure_future(pool.decode(picture_file(200, seed=1), "it"))
        await asyncio.sleep(0.002)
        first.cancel()
        second = await pool.decode(picture_file(20, seed=2), "it")
        assert second.pixels.shape == (20, 20, 3)

    with_pool(work)


@settings(max_examples=30)
@given(st.integers(1, 9), st.integers(1, 9), st.booleans(), st.none() | st.binary(max_size=9))
def test_shared_memory_holds_any_picture(
    height: int, width: int, has_alpha: bool, exif: bytes | None
) -> None:
    """What is laid down is what is taken out, and what does not fit is refused."""
    pixels = np.arange(height * width * 3, dtype=np.uint8).reshape(height, width, 3)
    alpha = pixels[..., 0].copy() if has_alpha else None
    picture = Picture(pixels, alpha, exif, b"profile", "PNG", (72.0, 96.0))
    need = pixels.size + (pixels.size // 3 if has_alpha else 0) + len(exif or b"") + 7
    memory = bytearray(need)
    arena = Arena(memory)  # type: ignore[arg-type]
    found = arena.picture(arena.put_picture(picture))
    assert np.array_equal(found.pixels, pixels)
    assert (found.alpha is None) is (alpha is None)
    assert (found.exif, found.icc_profile, found.dpi) == (exif, b"profile", (72.0, 96.0))
    with pytest.raises(ImageError, match="larger than is allowed"):
        Arena(bytearray(need - 1)).put_picture(picture)  # type: ignore[arg-type]
