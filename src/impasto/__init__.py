"""impasto paints photos in a fixed style, fast and offline.

>>> import impasto
>>> painting = impasto.paint(photo, "scream")  # doctest: +SKIP

The names below are loaded when they are first used, so that the import itself is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impasto.api import Painter as Painter
    from impasto.api import list_styles as list_styles
    from impasto.api import load_style as load_style
    from impasto.api import paint as paint
    from impasto.core.errors import EngineError as EngineError
    from impasto.core.errors import ImageError as ImageError
    from impasto.core.errors import ImpastoError as ImpastoError
    from impasto.core.errors import ImpastoWarning as ImpastoWarning
    from impasto.core.errors import InputError as InputError
    from impasto.core.errors import MissingExtraError as MissingExtraError
    from impasto.core.errors import ModelError as ModelError
    from impasto.core.errors import NumericalError as NumericalError
    from impasto.core.errors import OutputError as OutputError
    from impasto.core.errors import RecipeError as RecipeError
    from impasto.core.errors import SettingsError as SettingsError
    from impasto.core.errors import StyleError as StyleError
    from impasto.core.errors import VideoError as VideoError

    __version__: str

_HOMES = {
    "impasto.api": ("Painter", "list_styles", "load_style", "paint"),
    "impasto.core.errors": (
        "EngineError",
        "ImageError",
        "ImpastoError",
        "ImpastoWarning",
        "InputError",
        "MissingExtraError",
        "ModelError",
        "NumericalError",
        "OutputError",
        "RecipeError",
        "SettingsError",
        "StyleError",
        "VideoError",
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["__version__", *_HOME_OF]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("impasto")
    elif name in _HOME_OF:
        value = getattr(import_module(_HOME_OF[name]), name)
    else:
        raise AttributeError(f"module 'impasto' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
