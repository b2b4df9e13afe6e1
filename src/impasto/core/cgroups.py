"""Control groups: where Linux says what a container allows; elsewhere there is nothing to read."""

from collections.abc import Iterator, Mapping
from pathlib import Path


def settings_of(
    root: Path, controller: str, names: Mapping[int, str]
) -> Iterator[tuple[Path, str]]:
    """The control groups of this process and those above them, with the text of one of their files.

    Args:
        root: where `proc` and `sys` lie.
        controller: such as "memory".
        names: the file, for version 1 and 2 of control groups.

    Yields:
        A group's folder, and what its file says; groups without that file are left out.
    """
    for version, top, path in _places(root, controller):
        group = top / path.strip("/")
        # In a container the path may be that of the host, and the files lie at the top.
        above = [each for each in (group, *group.parents) if each.is_relative_to(top)]
        found = ((each, text_of(each / names[version]).strip()) for each in above)
        yield from ((each, text) for each, text in found if text)


def text_of(path: Path) -> str:
    """What a file says; nothing where it cannot be read."""
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _places(root: Path, controller: str) -> Iterator[tuple[int, Path, str]]:
    """The version, where its groups lie, and the path of this process's group there."""
    top = root / "sys/fs/cgroup"
    for line in text_of(root / "proc/self/cgroup").splitlines():
        controllers, _, path = line.partition(":")[2].partition(":")
        if controllers == "":
            yield 2, top, path
        elif controller in controllers.split(","):
            # The folder is called after all its controllers; a link is called after each.
            yield from ((1, top / name, path) for name in {controller, controllers})
