import numpy as np
import pytest

from impasto.core.errors import SettingsError
from impasto.core.settings import EngineSettings, PaintSettings


def test_defaults_are_the_full_style_at_full_size() -> None:
    """Without settings a picture gets all of the style, its colours, and keeps its size."""
    assert PaintSettings() == PaintSettings(strength=1.0, colors="style", size=None)
    assert EngineSettings() == EngineSettings(precision="auto", threads=None)


@pytest.mark.parametrize("strength", [-1e-9, 1.0001, float("nan"), float("inf"), "1", None, True])
def test_a_strength_out_of_range_is_refused(strength: object) -> None:
    """Strength is a number from 0 to 1, and the message has the value that was seen."""
    with pytest.raises(SettingsError, match="strength is "):
        PaintSettings(strength=strength)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [0, -5, 2.5, "640", True])
def test_a_size_out_of_range_is_refused(size: object) -> None:
    """Size is a whole number of pixels."""
    with pytest.raises(SettingsError, match="size is "):
        PaintSettings(size=size)  # type: ignore[arg-type]


def test_numbers_of_numpy_are_numbers() -> None:
    """What comes out of an array is as good as Python's own number."""
    assert PaintSettings(strength=np.float32(0.5), size=np.int64(640)).size == 640
    assert EngineSettings(threads=np.uint8(2)).threads == 2


def test_unknown_choices_are_refused() -> None:
    """The message names what may be chosen."""
    with pytest.raises(SettingsError, match="'style' or 'content'"):
        PaintSettings(colors="both")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="auto, float32, bfloat16"):
        EngineSettings(precision="int8")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="threads is 0"):
        EngineSettings(threads=0)
