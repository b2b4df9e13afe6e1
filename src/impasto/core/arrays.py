"""The array types that cross module borders.

Pictures are RGB, sRGB-encoded, 8 bits a channel, rows first, everywhere inside impasto; only
`impasto.media` sees anything else. `channels` is the number of channels of all conditional sites
of a trunk together (C in the design), a few hundred.
"""

import numpy as np

from impasto.core.shapes import Float32, UInt8

RGB = UInt8[np.ndarray, "height width 3"]
"""A picture: RGB order, sRGB, 0 to 255."""

Alpha = UInt8[np.ndarray, "height width"]
"""Opacity: 0 transparent, 255 opaque."""

Weight = Float32[np.ndarray, "height width"]
"""How much each pixel counts in content statistics: 0 not at all, 1 fully."""

Code = Float32[np.ndarray, "2 channels"]
"""A style code: row 0 is gamma, row 1 is beta."""

Stats = Float32[np.ndarray, "2 channels"]
"""Content statistics: row 0 is the mean, row 1 the standard deviation (floored, above 0)."""

Affine = Float32[np.ndarray, "2 channels"]
"""What paint applies: row 0 is the scale, row 1 the shift."""
