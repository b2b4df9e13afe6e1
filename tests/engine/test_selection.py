"""Which frames are painted, and when they are shown."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.core.errors import SettingsError
from impasto.engine.selection import Chosen, Mark, Selection, choose
from impasto.media.video import Frame, VideoInfo

BASE = Fraction(1, 1000)


class Source:
    """Frames at given times in thousandths; each lasts until the next, the last one 40."""

    damage = None

    def __init__(self, times: list[int], origin: Fraction = Fraction(0)) -> None:
        self._times = times
        self.info = VideoInfo("source", 8, 8, Fraction(25), BASE, origin=origin)

    def frames(self, since: int | None = None) -> Iterator[Frame]:
        """From a key frame on, as every fifth frame is one."""
        first = sum(1 for time in self._times if since is not None and time <= since) - 1
        start = max(0, first) // 5 * 5
        ends = [*self._times[1:], self._times[-1] + 40]
        for time, end in list(zip(self._times, ends, strict=True))[start:]:
            yield Frame(time, end - time, lambda: np.zeros((8, 8, 3), np.uint8))

    def close(self) -> None:
        """Nothing is open."""


TIMES = st.lists(st.integers(1, 300), min_size=1, max_size=30).map(
    lambda steps: [int(time) for time in np.cumsum(steps)]
)
RATES = st.sampled_from([Fraction(25), Fraction(30000, 1001), Fraction(5), Fraction(60)])


def shown(chosen: list[Chosen]) -> list[tuple[Mark, int, int]]:
    """What of chosen frames can be compared."""
    return [(each.mark, each.pts, each.duration) for each in chosen]


@given(TIMES)
def test_all_frames_keep_their_times(times: list[int]) -> None:
    """Without a choice each frame comes at its own time, numbered from 0."""
    chosen = list(choose(Source(times), Selection()))
    assert [each.pts for each in chosen] == times
    assert [each.mark for each in chosen] == [Mark(n, t) for n, t in enumerate(times)]


@given(TIMES, st.integers(0, 3000), st.integers(1, 3000))
def test_a_part_is_what_lies_in_it(times: list[int], start: int, length: int) -> None:
    """A part holds the frames that begin in it, and none lasts beyond its end."""
    selection = Selection(Fraction(start, 1000), Fraction(length, 1000))
    chosen = list(choose(Source(times), selection))
    assert [each.pts + start for each in chosen] == [
        time for time in times if start <= time < start + length
    ]
    assert all(each.pts + each.duration <= length for each in chosen)


@given(TIMES, RATES)
def test_a_constant_rate_has_no_holes(times: list[int], rate: Fraction) -> None:
    """At another rate each beat has one frame: the last that began by then, to the nearest."""
    chosen = list(choose(Source(times), Selection(rate=rate)))
    numbers = [each.pts for each in chosen]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True
    for each in chosen:
        beats = [time for time in times if time * BASE * rate < each.pts + Fraction(1, 2)]
        assert each.mark.tick == (beats[-1] if beats else times[0])


def test_times_that_a_file_rounded_make_no_frame_come_twice() -> None:
    """A video of 30000/1001 frames a second in thousandths keeps each frame at that rate."""
    rate = Fraction(30000, 1001)
    times = [round(n / rate / BASE) for n in range(200)]
    chosen = list(choose(Source(times), Selection(rate=rate)))
    assert [each.mark.tick for each in chosen] == times


@given(TIMES, st.data())
def test_going_on_from_any_mark(times: list[int], data: st.DataObject) -> None:
    """From a mark on the same frames come, with the same numbers, as from the start."""
    rate = data.draw(st.one_of(st.none(), RATES))
    start = Fraction(data.draw(st.integers(0, 1000)), 1000)
    selection = Selection(start, rate=rate)
    every = list(choose(Source(times), selection))
    for at, each in enumerate(every):
        again = choose(Source(times), selection, each.mark)
        assert shown(list(again)) == shown(every[at:])


def test_what_begins_late_is_moved_to_0() -> None:
    """A video whose streams begin at 1.4 s begins at 0, to the tick."""
    source = Source([1400, 1440, 1500], Fraction(7, 5))
    assert [each.pts for each in choose(source, Selection())] == [0, 40, 100]
    span = Selection(Fraction(1, 25), Fraction(1)).span(source.info)
    assert (span.start, span.end) == (Fraction(36, 25), Fraction(61, 25))


@pytest.mark.parametrize(
    "values", [{"start": Fraction(-1)}, {"seconds": Fraction(0)}, {"rate": Fraction(0)}]
)
def test_values_out_of_range(values: dict[str, Fraction]) -> None:
    """Each is refused."""
    with pytest.raises(SettingsError):
        Selection(**values)
