"""The whole Python face: paint a picture, load and list styles, keep a painter."""

from functools import cache
from pathlib import Path

from impasto.core.errors import StyleError
from impasto.core.settings import Colors, PaintSettings
from impasto.engine.images import Image
from impasto.engine.looks import StyleLike, library_of, styles_of
from impasto.engine.model import DEFAULT_MODEL, Model, load_model
from impasto.engine.painter import Painter
from impasto.engine.regions import Masks
from impasto.styles.package import SUFFIX, Style, read_style

__all__ = ["Painter", "list_styles", "load_style", "paint"]


def paint(
    image: Image,
    style: StyleLike,
    *,
    masks: Masks = (),
    feather: float = 0.0,
    strength: float = PaintSettings.strength,
    colors: Colors = PaintSettings.colors,
    size: int | None = PaintSettings.size,
    stroke_reference: int | None = PaintSettings.stroke_reference,
    model: Model | str | Path = DEFAULT_MODEL,
) -> Image:
    """Paint one picture. For many in one style, keep a `Painter`.

    Args:
        image: a PIL image of any mode, or a uint8 RGB array [height, width, 3].
        style: `"NAME"`, a mix `"NAME:WEIGHT,NAME:WEIGHT"`, a loaded style, or the path of a style
            package, as a Path or as text that ends in `.safetensors`; `"photo"` leaves the photo
            as it is, which is of use with masks.
        masks: parts that are painted in other styles, each over those before it, such as
            `{"udnie": mask}`: a PIL image, or a uint8 or bool array [height, width], of any size,
            white where that style is.
        feather: so many pixels of the result are soft to each side of a mask's edge.
        strength: 0 returns the photo's own pixels, 1 is the full style.
        colors: "style", or "content" to keep the photo's colours.
        size: the longest side of the result in pixels; None keeps the photo's size.
        stroke_reference: strokes are as large as they would be at this long side in pixels; None:
            as at the size of the result.
        model: a loaded model, or the name or folder of one.

    Returns:
        The painting, of the kind that was given; alpha is kept.

    Raises:
        ImpastoError: of the kind that says what is wrong, see `impasto.core.errors`.
    """
    painter = Painter(
        style,
        masks=masks,
        feather=feather,
        strength=strength,
        colors=colors,
        size=size,
        stroke_reference=stroke_reference,
        model=_opened(model),
    )
    return painter.paint(image)


def load_style(name_or_path: str | Path, *, model: Model | str | Path = DEFAULT_MODEL) -> Style:
    """Load a style by name from the library, or from a style package's path (`*.safetensors`).

    Args:
        name_or_path: the name or the path.
        model: of several styles of the name, the one made for this model is loaded.

    Raises:
        StyleError: there is no such style, or its package is damaged.
        ModelError: the model is missing or damaged.
    """
    if not isinstance(name_or_path, str | Path):
        kind = type(name_or_path).__name__
        raise StyleError(f"a style is loaded by its name or its package's path; got a {kind}")
    if isinstance(name_or_path, Path) or name_or_path.endswith(SUFFIX):
        return read_style(name_or_path)
    chosen = _opened(model)
    return library_of(chosen).get(name_or_path, chosen.trunk_id)


def list_styles(*, model: Model | str | Path | None = None) -> list[Style]:
    """Installed styles, sorted by name; a damaged one is left out with a warning.

    Args:
        model: list only what is made for this model. None: all, and of several styles of a name
            the one made for the default model.

    Raises:
        ModelError: the model is missing or damaged.
    """
    if model is not None:
        return styles_of(_opened(model))
    default = _default_model()
    return library_of(default).styles(default.trunk_id)


def _opened(model: Model | str | Path) -> Model:
    if isinstance(model, Model):
        return model
    return _default_model() if model == DEFAULT_MODEL else load_model(model)


@cache
def _default_model() -> Model:
    return load_model()
