"""What a painting tells about how it was made."""

from functools import cache
from importlib.metadata import version

from impasto.engine.painter import Painter


@cache
def program_version() -> str:
    """The version of impasto; asked once, for the answer comes from files."""
    return version("impasto")


def record_of(painter: Painter) -> dict[str, str]:
    """What goes into the metadata of a painting: style and settings, model and version."""
    settings, model = painter.settings, painter.model
    reference = settings.stroke_reference
    return {
        "impasto": program_version(),
        "style": str(painter.spec),
        "strength": f"{settings.strength:g}",
        "colors": settings.colors,
        **({} if reference is None else {"stroke_reference": str(reference)}),
        "model": model.name,
        "trunk_id": model.trunk_id,
    }
