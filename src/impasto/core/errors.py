"""Everything impasto raises on purpose, as one tree.

ImpastoError
├── InputError            something that was given cannot be used
│   ├── ImageError        a picture that cannot be read, or is over a limit
│   ├── VideoError        a video that cannot be read, or is over a limit
│   ├── StyleError        an unknown style, a bad spec, a damaged package, another trunk
│   ├── ModelError        a model folder that is missing, damaged or of another version
│   ├── RecipeError       a recipe with unknown keys or impossible values
│   └── SettingsError     a value out of its range
├── OutputError           a result that cannot be written
├── EngineError           a runtime or device that is missing or refuses the work
├── NumericalError        numbers went wrong on the way: a loss that is none, graphs that disagree
└── MissingExtraError     an optional dependency is not installed

Each message is one line that names what was given and says what to do about it.
The library raises these and never prints or exits; the command line turns each into one line and
an exit code.
"""


class ImpastoError(Exception):
    """The root: catch this to catch everything that impasto raises on purpose."""


class InputError(ImpastoError):
    """Something that was given cannot be used."""


class ImageError(InputError):
    """A picture cannot be read, is of a refused format, or is over a limit."""


class VideoError(InputError):
    """A video cannot be read, has no picture, or is over a limit."""


class StyleError(InputError):
    """A style is unknown, badly specified, damaged, or made for another trunk."""


class ModelError(InputError):
    """A model folder is missing, damaged, or of an unknown version."""


class RecipeError(InputError):
    """A training recipe has unknown keys or impossible values."""


class SettingsError(InputError):
    """A setting is out of its range."""


class OutputError(ImpastoError):
    """A result cannot be written; nothing is left under its final name."""


class EngineError(ImpastoError):
    """A runtime or device is missing or refuses the work."""


class NumericalError(ImpastoError):
    """Numbers went wrong on the way: a loss is none, or graphs do not agree with torch."""


class MissingExtraError(ImpastoError):
    """An optional dependency is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional dependency: pip install 'impasto[{extra}]'")


class ImpastoWarning(UserWarning):
    """Something was done differently from what was asked, and the result is still usable."""
