import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

import impasto
from impasto.core.errors import ImageError, ModelError, SettingsError, StyleError
from impasto.styles.library import BUNDLED, Library

from .models import make_second_model, own_style


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No styles but the bundled ones."""
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path))


def photo() -> np.ndarray:
    """A small picture with a gradient and noise."""
    noise = np.random.default_rng(0).integers(0, 64, (40, 56, 3), np.uint8)
    return noise + np.linspace(0, 190, 56).astype(np.uint8)[:, None]


def test_a_pil_image_and_an_array_are_painted() -> None:
    """One call paints either kind and gives the same kind, with the same pixels."""
    style = impasto.list_styles()[0].name
    array = impasto.paint(photo(), style)
    image = impasto.paint(PIL.Image.fromarray(photo()), style)
    assert isinstance(image, PIL.Image.Image)
    np.testing.assert_array_equal(np.asarray(image), array)
    assert array.shape == photo().shape
    assert (array != photo()).any()


def test_settings_reach_the_painter() -> None:
    """Strength 0 gives the photo, and a size bounds the long side."""
    style = impasto.list_styles()[0]
    np.testing.assert_array_equal(impasto.paint(photo(), style, strength=0.0), photo())
    assert impasto.paint(photo(), style, size=28).shape == (20, 28, 3)
    kept = impasto.paint(photo(), style, colors="content")
    assert (kept != impasto.paint(photo(), style)).any()


def test_a_part_is_painted_in_another_style() -> None:
    """Masks reach the painter, by one call and by one that is kept, and leave the rest alone."""
    style, mask = impasto.list_styles()[0], np.zeros((20, 28), bool)
    mask[:, :14] = True
    painted = impasto.paint(photo(), "photo", masks={style.name: mask}, feather=2)
    np.testing.assert_array_equal(painted[:, 40:], photo()[:, 40:])
    assert (painted[:, :20] != photo()[:, :20]).any()
    kept = impasto.Painter("photo", masks=[(style, PIL.Image.fromarray(mask))], feather=2)
    np.testing.assert_array_equal(kept.paint(photo()), painted)


def test_a_model_brings_its_own_styles(tmp_path: Path) -> None:
    """With a model a name means that model's style, in every call that takes a name."""
    model = make_second_model(tmp_path / "second")
    udnie = own_style(model, "udnie")
    expected = impasto.Painter(udnie, model=model).paint(photo())
    for given in (model, model.folder, str(model.folder)):
        np.testing.assert_array_equal(impasto.paint(photo(), "udnie", model=given), expected)
        assert [style.name for style in impasto.list_styles(model=given)] == ["dots", "udnie"]
        assert impasto.load_style("udnie", model=given).title == udnie.title
    assert impasto.load_style("udnie").title != udnie.title
    assert (impasto.paint(photo(), "udnie") != expected).any()
    with pytest.raises(StyleError, match=r"'scream' was made for the trunk .* use the model"):
        impasto.Painter("scream", model=model)
    with pytest.raises(StyleError, match="no style 'dots'"):
        impasto.paint(photo(), "dots")


def test_a_painter_is_kept_for_many_pictures() -> None:
    """A painter gives what the single call gives."""
    style = impasto.list_styles()[0].name
    painter = impasto.Painter(style)
    for _ in range(2):
        np.testing.assert_array_equal(painter.paint(photo()), impasto.paint(photo(), style))


def test_styles_are_listed_and_loaded() -> None:
    """Every listed style loads by its name and by its package's path, and can be painted with."""
    styles = impasto.list_styles()
    assert [style.name for style in styles] == Library().names()
    first = styles[0].name
    package = BUNDLED / f"{first}.safetensors"
    for given in (first, package, str(package)):
        assert impasto.load_style(given).title == styles[0].title
    painted = impasto.paint(photo(), impasto.load_style(first))
    np.testing.assert_array_equal(painted, impasto.paint(photo(), first))


def test_bad_arguments_are_typed_errors() -> None:
    """Each kind of mistake has its error, and all are ImpastoErrors."""
    style = impasto.list_styles()[0].name
    for error, call in (
        (StyleError, lambda: impasto.paint(photo(), "no-such-style")),
        (StyleError, lambda: impasto.load_style("no-such-style")),
        (StyleError, lambda: impasto.load_style("gone.safetensors")),
        (SettingsError, lambda: impasto.paint(photo(), style, strength=2.0)),
        (ImageError, lambda: impasto.paint(photo().astype(float), style)),
    ):
        with pytest.raises(error):
            call()
        assert issubclass(error, impasto.ImpastoError)


def test_a_package_is_a_style_too(tmp_path: Path) -> None:
    """A style package's path stands for its style, as a Path or as text, for masks as well."""
    path = tmp_path / "mine.safetensors"
    path.write_bytes((BUNDLED / "udnie.safetensors").read_bytes())
    expected = impasto.paint(photo(), "udnie")
    np.testing.assert_array_equal(impasto.paint(photo(), path), expected)
    np.testing.assert_array_equal(impasto.Painter(str(path)).paint(photo()), expected)
    masked = impasto.paint(photo(), "photo", masks={path: np.ones((4, 4), bool)})
    np.testing.assert_array_equal(masked, expected)


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (StyleError, lambda: impasto.paint(photo(), None)),  # type: ignore[arg-type]
        (StyleError, lambda: impasto.paint(photo(), ["udnie"])),  # type: ignore[arg-type]
        (StyleError, lambda: impasto.paint(photo(), "gone.safetensors")),
        (StyleError, lambda: impasto.load_style(None)),  # type: ignore[arg-type]
        (SettingsError, lambda: impasto.Painter("udnie", masks=None)),  # type: ignore[arg-type]
        (SettingsError, lambda: impasto.Painter("udnie", masks="udnie")),  # type: ignore[arg-type]
        (SettingsError, lambda: impasto.Painter("udnie", masks=["udnie"])),  # type: ignore[list-item]
        (ModelError, lambda: impasto.Painter("udnie", model=None)),  # type: ignore[arg-type]
    ],
)
def test_what_is_of_no_known_kind_is_named(
    error: type[Exception], call: Callable[[], object]
) -> None:
    """Another type where a style, masks or a model belong is an error of the tree, in one line."""
    with pytest.raises(error) as raised:
        call()
    assert "\n" not in str(raised.value)


def test_public_names_are_these() -> None:
    """The public face is a decision: a name is added or taken away here too."""
    assert sorted(impasto.__all__) == [
        "EngineError",
        "ImageError",
        "ImpastoError",
        "ImpastoWarning",
        "InputError",
        "MissingExtraError",
        "ModelError",
        "NumericalError",
        "OutputError",
        "Painter",
        "RecipeError",
        "SettingsError",
        "StyleError",
        "VideoError",
        "__version__",
        "list_styles",
        "load_style",
        "paint",
    ]


def test_public_names_are_all_there() -> None:
    """Each public name can be had, is listed by dir, and an unknown one is an AttributeError."""
    for name in impasto.__all__:
        assert getattr(impasto, name) is not None
        assert name in dir(impasto)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = impasto.nothing


def test_every_error_of_the_tree_is_public() -> None:
    """Whatever impasto raises on purpose can be caught by a public name."""
    from impasto.core import errors

    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert all(getattr(impasto, kind.__name__) is kind for kind in kinds)


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("import impasto", "torch openvino onnxruntime numpy PIL cv2 av fastapi"),
        ("import impasto; impasto.paint, impasto.Painter", "torch openvino onnxruntime cv2 av"),
        ("import impasto; impasto.list_styles()", "torch openvino onnxruntime"),
        (
            "import impasto, numpy; "
            "impasto.paint(numpy.zeros((8, 8, 3), 'u1'), impasto.list_styles()[0])",
            "torch onnxruntime onnx cv2 av fastapi",
        ),
    ],
)
def test_nothing_is_imported_before_it_is_used(code: str, unwanted: str) -> None:
    """A new process has loaded only what its work needs, and never torch."""
    check = f"{code}; import sys; print(*({set(unwanted.split())!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
