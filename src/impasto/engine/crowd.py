"""How many pictures are painted together: one on all cores, or a crowd on few cores each."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from impasto.core.cpu import usable_cores
from impasto.core.memory import Memory, parse_memory, spare_memory
from impasto.core.settings import EngineSettings
from impasto.engine.painter import Painter
from impasto.engine.pipeline import Pipeline, Stage
from impasto.engine.tiler import MOST_UNASKED

Step = Callable[[Any], Any]
MakePainter = Callable[[EngineSettings, Memory], Painter]
"""Makes a painter on an engine of its own, with so much memory for each picture."""

_LEAST_MEMORY = 256 * 2**20
"""Bytes for a picture: with less, tiles become small and their margins cost more than is won."""
MANY = 1_000_000
"""Pictures whose number is not known, as of a video."""

_LEAST_ROUNDS = 2
"""With fewer rounds than this, cores stand idle at the end for longer than is won before."""


@dataclass(frozen=True)
class Crowd:
    """Paints many pictures at once, each on few cores: more a minute, though each takes longer."""

    painter: Painter
    size: int
    """How many pictures its engine paints at once."""


@dataclass(frozen=True)
class Together:
    """How pictures are painted at once."""

    size: int
    """How many; 1 is one after the other."""
    engine: EngineSettings
    memory: Memory
    """For each of them; None is what its painter finds."""


def together(jobs: int, engine: EngineSettings, memory: Memory) -> Together:
    """How many of so many pictures are best painted at once.

    Threads that paint one picture together wait for each other whenever another stage has taken a
    core. Those that paint one each do not, so all cores are busy with whatever there is to do.

    Args:
        jobs: how many pictures there are.
        engine: the engine's settings; where they name threads, those are the cores. Devices other
            than the CPU have their own ways.
        memory: for all pictures together; None is what the machine can spare.
    """
    cores = engine.threads or usable_cores()
    budget = spare_memory() if memory is None else parse_memory(memory)
    size = min(cores, jobs // _LEAST_ROUNDS, budget // _LEAST_MEMORY)
    if engine.device not in ("auto", "cpu") or size < 2:
        return Together(1, engine, memory)
    return Together(size, replace(engine, threads=cores, streams=size), share(size, memory))


def share(size: int, memory: Memory) -> Memory:
    """The memory for each of so many pictures; None lets each painter find its own.

    It may, where there is room for as much as painters take unasked. Else all would find the same
    bytes free, and take them.

    Args:
        size: how many pictures are painted at once.
        memory: for all of them; None is what the machine can spare.
    """
    if memory is not None:
        return parse_memory(memory) // size
    each = spare_memory() // size
    return None if each >= MOST_UNASKED else max(each, _LEAST_MEMORY)


def gathered(jobs: int, engine: EngineSettings, memory: Memory, make: MakePainter) -> Crowd | None:
    """A crowd for a call of many pictures; None where one after the other is better.

    Args:
        jobs: how many pictures there are.
        engine: the engine's settings, as for `together`.
        memory: for all pictures together; None is what the machine can spare.
        make: makes the painter.
    """
    plan = together(jobs, engine, memory)
    return Crowd(make(plan.engine, plan.memory), plan.size) if plan.size > 1 else None


def pipeline_of(decode: Step, measure: Step, paint: Step, encode: Step, crowd: int = 1) -> Pipeline:
    """The steps of a picture as stages that work at the same time.

    In a crowd a picture takes one core in any stage, and hardly more are active than there are
    cores: stages do not fight. Which of them is the slowest depends on sizes and formats, so each
    may take all cores.

    Args:
        decode: takes an item.
        measure: takes what `decode` returned, and so on.
        paint: runs in as many threads at once as the crowd is large; so do the others.
        encode: what it returns is the outcome.
        crowd: how many pictures the engine paints at once.
    """
    steps = {"decode": decode, "measure": measure, "paint": paint, "encode": encode}
    stages = [Stage(name, step, crowd) for name, step in steps.items()]
    return Pipeline(stages, active=max(crowd, len(stages)))
