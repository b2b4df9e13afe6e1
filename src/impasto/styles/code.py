"""Arithmetic on style codes. Pure functions, float32."""

from collections.abc import Sequence

import numpy as np

from impasto.core.arrays import Code


def mix_codes(codes: Sequence[Code], weights: Sequence[float]) -> Code:
    """The weighted sum of codes; weights are positive and are normalised to a sum of 1.

    Raises:
        ValueError: no codes, as many weights as codes are not given, or a sum of 0.
    """
    total = float(sum(weights))
    if not codes or len(codes) != len(weights) or not total > 0.0:
        raise ValueError(f"cannot mix {len(codes)} codes by the weights {tuple(weights)}")
    shares = np.asarray(weights, np.float64) / total
    mixed = np.tensordot(shares, np.stack(codes).astype(np.float64), axes=1)
    return np.ascontiguousarray(mixed, np.float32)
