"""Where training runs: torch's devices."""

import torch

from impasto.core.errors import EngineError


def check_device(name: str) -> None:
    """Raises EngineError if torch cannot compute there; the message says what to do."""
    if name != "cpu" and not torch.cuda.is_available():
        raise EngineError(
            f"device {name}: torch {torch.__version__} sees no such device here; "
            "leave --device out, or install a torch that is built for it"
        )
