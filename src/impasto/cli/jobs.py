"""Plans a call of `impasto paint`: which input becomes which output, before anything is read."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from impasto.cli.names import checked_suffix, result_name, same_file_key, separate
from impasto.cli.walk import pictures_below
from impasto.core.errors import OutputError, SettingsError
from impasto.core.files import reason
from impasto.media.formats import SUFFIXES, Format, format_of

PIPE = "-"
"""The name of standard input and of standard output on the command line."""


@dataclass(frozen=True)
class Job:
    """One picture to paint; None stands for standard input or standard output."""

    source: Path | None
    target: Path | None


@dataclass(frozen=True)
class Problem:
    """An input that cannot even be planned, and why."""

    source: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """What a call will do, in the order of its inputs."""

    jobs: list[Job] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Naming:
    """Where results go and what they are called.

    `out` is the value of -o. `suffix` is the user's addition to every name, `mark` the one that is
    made from the style (`.scream`) and used where a result would lie beside its input. `format` is
    that of every result; None keeps what the input's name says.
    """

    mark: str
    out: str | None = None
    suffix: str | None = None
    format: Format | None = None

    def __post_init__(self) -> None:
        if self.out == "":  # Path would take it for this folder
            raise SettingsError("-o is empty: name a file or a folder, '.' for this one")
        if self.suffix is not None:
            checked_suffix(self.suffix)

    @property
    def addition(self) -> str:
        """What is added to a name beside its input."""
        return self.mark if self.suffix is None else self.suffix

    @property
    def is_folder(self) -> bool:
        """Whether -o can only be a folder: it exists as one or ends in a separator."""
        return self.out is not None and (
            Path(self.out).is_dir() or self.out.endswith((os.sep, "/"))
        )

    def named(self, source: Path, addition: str) -> str:
        """The file name of what `source` becomes."""
        if self.format:
            return result_name(source, addition, self.format.suffixes[0])
        known = source.suffix.lower() in SUFFIXES
        return result_name(source, addition, source.suffix if known else ".png")


def make_plan(inputs: Sequence[str], naming: Naming) -> Plan:
    """Decide source and target of every picture that `inputs` name.

    Without -o a result lies beside its input: `a.jpg` becomes `a.scream.jpg`, the folder `trip`
    becomes the folder `trip.scream` with the same tree; an input that another one becomes is left
    out. With -o FOLDER photos go into it, and so does the tree of a folder; when there are more
    inputs, each folder keeps its name in FOLDER. Inputs that are missing or hold no picture become
    problems of the plan. Raises SettingsError when the inputs, -o and the suffix contradict each
    other, an input is empty, or -o is a file or device whose name tells no format.
    """
    if PIPE in inputs:
        return _plan_pipe(inputs, naming)
    if "" in inputs:  # as of a variable that is not set; Path would take it for this folder
        raise SettingsError("an input is empty: name a photo or a folder, '.' for this one")
    paths = [Path(name) for name in dict.fromkeys(inputs)]
    if naming.out == PIPE or _out_is_file(paths, naming):
        return _plan_single(paths, naming)
    if naming.out is not None and not naming.is_folder and Path(naming.out).exists():
        raise SettingsError(
            f"-o {naming.out} is no folder: name one, a file with an ending such as .png, or '-'"
        )
    return _plan_many(paths, naming)


def identities(plan: Plan, others: Iterable[Path] = ()) -> set[tuple[int, int]]:
    """What `is_one_of` needs to know about all sources of a plan, and of other files of a call."""
    sources = chain((job.source for job in plan.jobs if job.source), others)
    return {key for source in sources if (key := _identity(source))}


def is_one_of(target: Path, sources: set[tuple[int, int]]) -> bool:
    """Whether `target` is one of the sources, under whatever name or link."""
    return _identity(target) in sources


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def _plan_pipe(inputs: Sequence[str], naming: Naming) -> Plan:
    if len(inputs) > 1:
        raise SettingsError("'-' (standard input) must be the only input")
    if naming.is_folder:
        raise SettingsError(f"-o {naming.out} is a folder: name a file for standard input, or '-'")
    return Plan([Job(None, _single_target(naming))])


def _plan_single(paths: Sequence[Path], naming: Naming) -> Plan:
    target = _single_target(naming)
    if len(paths) > 1 or paths[0].is_dir():
        raise SettingsError(f"-o {naming.out} takes one picture: name a folder for more")
    missing = _missing(paths[0])
    if missing:
        return Plan(problems=[Problem(str(paths[0]), missing)])
    return Plan([Job(paths[0], target)])


def _single_target(naming: Naming) -> Path | None:
    """The file that -o names; None for standard output."""
    if naming.suffix is not None:
        raise SettingsError("--suffix needs named results: leave it out, or let -o be a folder")
    if naming.out in (None, PIPE):
        return None
    target = Path(str(naming.out))
    try:
        meant = format_of(target)
    except OutputError as error:
        raise SettingsError(f"-o {naming.out}: {error}") from error
    if naming.format not in (None, meant):
        raise SettingsError(f"-o {target} is no {naming.format.name}: leave out --format")
    return target


def _out_is_file(paths: Sequence[Path], naming: Naming) -> bool:
    if naming.out is None or naming.is_folder:
        return False
    suffix = Path(naming.out).suffix.lower()
    one_photo = len(paths) == 1 and not paths[0].is_dir()
    return suffix in SUFFIXES or (one_photo and suffix != "")


def _plan_many(paths: Sequence[Path], naming: Naming) -> Plan:
    problems: list[Problem] = []
    wanted: dict[Path, tuple[Path, Path]] = {}
    for path in paths:
        missing, told = _missing(path), len(problems)
        pairs = [] if missing else list(_wanted(path, naming, len(paths) == 1, problems))
        if not pairs and len(problems) == told:  # else it could not be looked into
            problems.append(Problem(str(path), missing or "no picture in this folder"))
        for source, target in pairs:
            # The folder is resolved but not the file: a link is a picture of its own.
            wanted.setdefault(source.parent.resolve() / source.name, (source, target))
    pairs = _without_results(list(wanted.values()), naming)
    targets = separate(pairs)
    jobs = [Job(source, to) for (source, _), to in zip(pairs, targets, strict=True)]
    return Plan(jobs, problems)


def _without_results(pairs: list[tuple[Path, Path]], naming: Naming) -> list[tuple[Path, Path]]:
    """Less what is the result of another input: `*.jpg` finds those of an earlier call, too."""
    if naming.out is not None:
        return pairs
    targets = {same_file_key(target) for _, target in pairs}
    return [pair for pair in pairs if same_file_key(pair[0]) not in targets]


def _wanted(
    path: Path, naming: Naming, alone: bool, problems: list[Problem]
) -> Iterator[tuple[Path, Path]]:
    """Every picture that `path` names, with the target it would have if it were alone."""
    if not path.is_dir():
        folder = path.parent if naming.out is None else Path(naming.out)
        addition = naming.addition if naming.out is None else naming.suffix or ""
        yield path, folder / naming.named(path, addition)
        return
    top = _tree_top(path, naming, alone)
    # A tree of its own needs no mark; in the tree of the inputs, results of an earlier call that
    # carry the mark are not inputs.
    addition = naming.suffix or "" if naming.out is not None else ""
    found = pictures_below(path, leave_out=Path(naming.out) if naming.out else None)
    problems += [Problem(str(folder), why) for folder, why in found.unreadable]
    in_place = top.resolve() == path.resolve()
    for source in found.pictures:
        if not (in_place and addition and source.stem.endswith(addition)):
            yield source, top / source.relative_to(path).parent / naming.named(source, addition)


def _tree_top(path: Path, naming: Naming, alone: bool) -> Path:
    """The folder that mirrors the folder `path`."""
    named = path if path.name not in ("", "..") else path.resolve()
    if naming.out is None:
        return named.parent / (named.name + naming.addition)
    return Path(naming.out) if alone else Path(naming.out) / named.name


def _missing(path: Path) -> str:
    """Why `path` cannot be an input; empty when it can."""
    try:
        path.stat()
    except FileNotFoundError:
        return "no such file or folder"
    except (OSError, ValueError) as error:
        return reason(error)
    return ""
