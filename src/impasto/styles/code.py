"""Arithmetic on style codes: mixes and strength. Pure functions, float32."""

from collections.abc import Sequence

import numpy as np

from impasto.core.arrays import Code

FADE_BELOW = 0.1
"""Below this strength the picture fades from the photo to the painting of this strength.

The identity code is trained to give the photo back, but only nearly; the fade makes strength 0
exact without a jump.
"""


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


def code_at(identity: Code, style: Code, amount: float) -> Code:
    """The code on the line from the identity code (amount 0) to the style (amount 1)."""
    if amount == 1.0:
        return style
    return ((1.0 - amount) * identity + amount * style).astype(np.float32)


def split_strength(strength: float) -> tuple[float, float]:
    """How far the code goes (0.1 to 1) and how much of the painting shows (0 to 1).

    From 0.1 upwards the code does all of it; below, the painting at 0.1 is faded into the photo.
    Strength 0 gives (0.1, 0): nothing of the painting shows, so it need not be made.
    """
    return max(strength, FADE_BELOW), min(strength / FADE_BELOW, 1.0)
