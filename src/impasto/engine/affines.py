"""Affines: composed of a code and statistics, and kept for a while.

What was measured lately is not measured again.
"""

import hashlib
from collections.abc import Callable, Mapping
from weakref import WeakKeyDictionary

import numpy as np

from impasto.core.arrays import Affine, Code, Stats
from impasto.core.cache import MemoryCache
from impasto.engine.backend import Array, Backend

MAX_BYTES = 16 * 2**20
"""Some 650 pictures in a trunk of 2,900 channels."""

_OVERHEAD = 512
"""Bytes that an entry takes beside its numbers."""

# By backend, since each rounds in its own way; painters that share one share its affines.
_AFFINES: WeakKeyDictionary[Backend, MemoryCache[Affine]] = WeakKeyDictionary()


def compose(code: Code, stats: Stats) -> Affine:
    """The affine that normalises by the statistics and then applies the code.

    `gamma * (x - mean) / std + beta` is `scale * x + shift` with `scale = gamma / std` and
    `shift = beta - scale * mean`.
    """
    (gamma, beta), (mean, std) = code, stats
    scale = gamma / std
    return np.stack([scale, beta - scale * mean]).astype(np.float32, copy=False)


def recalled_affine(
    backend: Backend, trunk_id: str, inputs: Mapping[str, Array], make: Callable[[], Affine]
) -> Affine:
    """The affine of what would be measured: from memory, or by `make` and kept.

    Args:
        backend: measures.
        trunk_id: the trunk that is measured with.
        inputs: all that its measure graph is given: the thumbnail with its weights, and the code.
        make: measures and composes.

    Returns:
        An array that cannot be written to, since others have it too.

    Raises:
        Exception: whatever `make` raises.
    """
    size = inputs["code"].nbytes + _OVERHEAD
    affines = _AFFINES.setdefault(backend, MemoryCache[Affine](MAX_BYTES))
    return affines.get(_key(trunk_id, inputs), size, lambda: _frozen(make()))


def _key(trunk_id: str, inputs: Mapping[str, Array]) -> bytes:
    """A hash of every byte that statistics can depend on, with the shapes it belongs to."""
    digest = hashlib.blake2b(trunk_id.encode(), digest_size=32)
    for name in sorted(inputs):
        array = inputs[name]
        is_bits = _is_bits(array)
        digest.update(f"|{name} {array.dtype.str} {array.shape} {is_bits}|".encode())
        hashed = np.packbits(array != 0) if is_bits else np.ascontiguousarray(array)
        digest.update(hashed.data)
    return digest.digest()


def _is_bits(array: Array) -> bool:
    """Whether all numbers are 0 or 1, as most weights: hashed as bits, they take no time."""
    return array.dtype == np.float32 and bool(((array == 0) | (array == 1)).all())


def _frozen(affine: Affine) -> Affine:
    affine.flags.writeable = False
    return affine
