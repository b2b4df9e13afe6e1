"""How the jobs of a call are done."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from impasto.core.memory import Memory, parse_memory, spare_memory
from impasto.engine.crowd import Crowd
from impasto.engine.painter import Painter
from impasto.media.image import ReadLimits, WriteOptions

Existing = Literal["refuse", "overwrite", "skip"]
"""What happens to a result whose file is there already."""


@dataclass(frozen=True)
class Work:
    """How each job of a call is done."""

    painter: Painter
    limits: ReadLimits
    options: WriteOptions
    existing: Existing
    format: str | None = None
    """The format on standard output; None takes that of the photo."""
    crowd: Crowd | None = None
    """Who paints pictures that are done together; None lets `painter` paint one at a time."""
    memory: Memory = None
    """For all pictures that are painted at once; None is what the machine can spare."""
    kept: tuple[Path, ...] = ()
    """Files beside the sources that no result may replace."""

    @property
    def share(self) -> Memory:
        """The memory for each of the pictures that are painted at once."""
        if self.crowd is None:
            return self.memory
        memory = spare_memory() if self.memory is None else parse_memory(self.memory)
        return max(1, memory // self.crowd.size)
