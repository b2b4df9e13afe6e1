from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageCms

from impasto.media.color import SRGB_PROFILE, from_srgb, is_srgb, keep_colors, to_srgb

pictures = hnp.arrays(np.uint8, (3, 5, 3))

# From linear Display P3 and AdobeRGB to linear sRGB (CSS Color 4, from their primaries).
TO_SRGB = {
    "P3": [
        [1.2249402, -0.2249402, 0.0],
        [-0.0420570, 1.0420570, 0.0],
        [-0.0196376, -0.0786361, 1.0982736],
    ],
    "AdobeRGB": [
        [1.3983557, -0.3983557, 0.0],
        [0.0, 1.0, 0.0],
        [0.0, -0.0429289, 1.0429289],
    ],
}


def linear(values: np.ndarray) -> np.ndarray:
    """Undo the curve of sRGB; 0 to 1."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def encoded(values: np.ndarray) -> np.ndarray:
    """Apply the curve of sRGB; 0 to 1."""
    return np.where(
        values <= 0.0031308, values * 12.92, 1.055 * np.maximum(values, 0) ** (1 / 2.4) - 0.055
    )


@pytest.mark.parametrize("name", ["P3", "AdobeRGB"])
def test_wide_profiles_give_the_published_colours(profiles, name: str) -> None:
    """Muted colours in P3 and AdobeRGB become what the published matrices say."""
    levels = np.arange(80, 200, 12, dtype=np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(10, 100, 3)
    curve = linear if name == "P3" else (lambda values: values ** (563 / 256))
    expected = encoded(curve(grid / 255) @ np.array(TO_SRGB[name]).T) * 255
    inside = ((expected >= 0) & (expected <= 255)).all(axis=-1)
    converted = np.asarray(to_srgb(Image.fromarray(grid), profiles[name])).astype(float)
    assert inside.sum() > 500
    assert np.abs(converted - expected)[inside].max() <= 2


@pytest.mark.parametrize("name", ["P3", "AdobeRGB"])
def test_back_to_the_profile(small: Image.Image, profiles, name: str) -> None:
    """A real photo comes back from sRGB to its profile within rounding."""
    muted = small.point(lambda value: 60 + value // 2)
    back = from_srgb(to_srgb(muted, profiles[name]), profiles[name])
    assert np.abs(np.asarray(back).astype(int) - np.asarray(muted)).max() <= 3


def test_srgb_in_other_words_changes_nothing(small: Image.Image) -> None:
    """Pixels under an sRGB profile stay exactly, both ways."""
    other = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert is_srgb(other)
    assert to_srgb(small, other).tobytes() == small.tobytes()
    assert from_srgb(small, other).tobytes() == small.tobytes()


def test_wide_profiles_are_not_srgb(profiles) -> None:
    """P3 and AdobeRGB are told from sRGB."""
    assert not is_srgb(profiles["P3"])
    assert not is_srgb(profiles["AdobeRGB"])


def test_grey_profiles(profiles) -> None:
    """Linear grey becomes lighter grey in all three channels."""
    converted = to_srgb(Image.new("L", (1, 1), 55), profiles["grey"]).getpixel((0, 0))
    assert converted == (round(encoded(np.array(55 / 255)) * 255),) * 3


def test_cmyk_goes_through_its_profile(profiles) -> None:
    """The profile and not the plain formula decides how ink looks."""
    inks = Image.new("CMYK", (1, 1), (0, 0, 0, 128))
    assert to_srgb(inks, None).getpixel((0, 0)) == (127, 127, 127)
    assert to_srgb(inks, profiles["CMYK"]).getpixel((0, 0)) == (118, 118, 118)


@pytest.mark.parametrize(
    ("mode", "profile"), [("RGB", "CMYK"), ("CMYK", "P3"), ("RGB", "grey"), ("CMYK", "grey")]
)
def test_profiles_for_other_pictures_are_refused(profiles, mode: str, profile: str) -> None:
    """A profile for another number of inks is a ValueError that says so."""
    with pytest.raises(ValueError, match=f"in a picture of mode {mode}"):
        to_srgb(Image.new(mode, (2, 2)), profiles[profile])


def test_damaged_profiles_are_one_error(profiles) -> None:
    """Whatever is broken in a profile, it works or raises ValueError."""
    random = np.random.default_rng(1)
    refused = 0
    for _ in range(300):
        name = str(random.choice(list(profiles)))
        damaged = bytearray(profiles[name])
        for at in random.integers(0, len(damaged), 8):
            damaged[at] = random.integers(256)
        mode = {"grey": "L", "CMYK": "CMYK"}.get(name, "RGB")
        try:
            to_srgb(Image.new(mode, (2, 2)), bytes(damaged[: random.integers(1, len(damaged))]))
        except ValueError:
            refused += 1
    assert refused > 100


def test_no_way_back_to_grey_ink_or_nothing(profiles) -> None:
    """A painting has colour: only RGB profiles are written back."""
    for profile in (profiles["grey"], profiles["CMYK"], b"", b"garbage"):
        with pytest.raises(ValueError, match="profile"):
            from_srgb(Image.new("RGB", (2, 2)), profile)


def test_the_embedded_profile_is_always_the_same() -> None:
    """The profile is sRGB and carries no time of making."""
    assert is_srgb(SRGB_PROFILE)
    assert SRGB_PROFILE[24:36] == bytes((7, 224, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0))
    ImageCms.ImageCmsProfile(BytesIO(SRGB_PROFILE))


@given(pictures)
def test_a_photo_painted_as_itself_keeps_everything(content: np.ndarray) -> None:
    """With nothing changed by the painting, the content comes back exactly."""
    assert np.array_equal(keep_colors(content, content), content)


@given(
    hnp.arrays(np.uint8, (3, 5, 3), elements=st.integers(90, 160)),
    hnp.arrays(np.uint8, (3, 5, 3), elements=st.integers(90, 160)),
)
def test_luminance_of_the_painting_chroma_of_the_content(
    content: np.ndarray, painted: np.ndarray
) -> None:
    """Away from black and white luma is the painting's, channel differences the content's."""
    result = keep_colors(content, painted)
    weights = (0.299, 0.587, 0.114)
    assert np.abs(result @ weights - painted @ weights).max() <= 1.5
    assert np.array_equal(np.diff(result.astype(int)), np.diff(content.astype(int)))
