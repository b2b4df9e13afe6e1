import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest

from impasto.styles.package import Source, Style


@pytest.fixture
def make_style() -> Callable[..., Style]:
    """A maker of complete styles; what a test cares about is given by keyword."""

    def make(**changes: object) -> Style:
        style = Style(
            name="scream",
            title="The Scream",
            artist="Edvard Munch",
            year=1893,
            licence="public domain",
            trunk_id="0" * 64,
            code=np.linspace(-2, 2, 20, dtype=np.float16).astype(np.float32).reshape(2, 10),
            sources=(Source("scream.jpg", "ab" * 32),),
            recipe="default.toml",
            losses={"style": 0.05, "content": 1.25},
            preview=webp(),
        )
        return replace(style, **changes)  # type: ignore[arg-type]

    return make


def webp() -> bytes:
    """A small real WebP picture."""
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (16, 16), "orange").save(buffer, "WEBP")
    return buffer.getvalue()
