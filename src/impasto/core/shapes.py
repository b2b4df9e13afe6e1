"""Array types that state shapes, for the modules that every painting process imports.

They are jaxtyping's where it is loaded already, as in the tests, which check them, and for mypy.
Elsewhere nothing looks at them, and importing jaxtyping would take as long as importing NumPy: so
each is plainly the array type that it is given.
"""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import Bool, Float32, Int16, Int64, Num, Shaped, UInt8, UInt32
else:

    class _Plain:
        """Stands for any of them: `UInt8[np.ndarray, "height width"]` is `np.ndarray`."""

        def __class_getitem__(cls, given: tuple[Any, str]) -> Any:
            return given[0]

    Bool = Float32 = Int16 = Int64 = Num = Shaped = UInt8 = UInt32 = _Plain

__all__ = ["Bool", "Float32", "Int16", "Int64", "Num", "Shaped", "UInt8", "UInt32"]
