"""Filters that a style mixes for itself: once for a style, and not for each picture."""

from typing import Final
from weakref import WeakKeyDictionary

from impasto.core.arrays import Affine, Code
from impasto.core.cache import MemoryCache
from impasto.engine.backend import Array, Backend, run_graph
from impasto.engine.model import Model

MAX_BYTES: Final = 64 * 2**20
"""Some 60 styles of the default model."""

# By backend, since each rounds in its own way.
_FILTERS: WeakKeyDictionary[Backend, MemoryCache[Array]] = WeakKeyDictionary()


def filters_of(backend: Backend, model: Model, code: Code | Affine) -> dict[str, Array]:
    """A style's filters, as the input of the graphs that measure and paint; kept for a while.

    Args:
        backend: mixes them, in float32.
        model: the model; nothing is given to the graphs of one whose styles mix no filters.
        code: a code, or an affine, which has the same numbers where filters are mixed.

    Raises:
        EngineError: the runtime refuses.
    """
    if not model.filters:
        return {}

    def mix() -> Array:
        filters = run_graph(backend, model.mix_graph, {"code": code}, exact=True)
        filters.flags.writeable = False
        return filters

    kept = _FILTERS.setdefault(backend, MemoryCache[Array](MAX_BYTES))
    key = (model.trunk_id, code[:, model.mixing].tobytes())
    return {"filters": kept.get(key, 4 * model.filters, mix)}


def filter_shapes(model: Model) -> dict[str, tuple[int, ...]]:
    """The shape of what `filters_of` gives."""
    return {"filters": (model.filters,)} if model.filters else {}
