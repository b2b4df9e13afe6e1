"""Array types of the modules that every painting process imports."""

import subprocess
import sys

_PROGRAM = """
import sys
import numpy as np
{first}
from impasto.core.shapes import UInt8
kind = UInt8[np.ndarray, "height width 3"]
print(kind is np.ndarray, "jaxtyping" in sys.modules)
"""


def said(first: str) -> str:
    """What a new process says of the types, after a first line."""
    words = [sys.executable, "-c", _PROGRAM.format(first=first)]
    return subprocess.run(words, capture_output=True, check=True, text=True).stdout.strip()


def test_types_are_plain_unless_somebody_checks_them() -> None:
    """A painting process does not import jaxtyping; one that has it gets its checked types."""
    assert said("") == "True False"
    assert said("import jaxtyping") == "False True"


def test_painting_imports_neither_jaxtyping_nor_a_converter() -> None:
    """What takes long to import and is not needed is not there when a painter is made."""
    program = (
        "import sys, impasto; impasto.Painter('scream'); import impasto.cli.app, impasto.cli.work;"
        "print([m for m in ('jaxtyping', 'asyncio', 'openvino.tools.ovc') if m in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert ended.stdout.decode().strip() == "[]"
