"""What a measurement of losses tells: a row for each method and style, and what follows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from impasto.bench.facts import Commit, ModelFacts
from impasto.engine.backend import BackendInfo

PHOTO = "unchanged photo"
COLOURS = "colour-matched photo"
IMPASTO = "impasto"
PEER = "pytorch/examples"
"""Names of methods."""

WEAK = 1.5
"""A style whose normalised loss is above so many times the median is named."""


@dataclass(frozen=True)
class LossRow:
    """One method in one style, over all photos; None where there is nothing to measure."""

    style: str
    method: str
    strength: float | None
    style_loss: float | None
    """The mean style loss."""
    content: float | None
    """The mean content loss: 0 equal, 2 unrelated."""
    ssim: float | None
    """Of luminance: 1 equal."""
    edges: float | None
    """1 alike, 0 unrelated."""
    lines: float | None
    """The F1 of straight lines by length, on photos of buildings: 1 all stay."""
    judge: float | None
    """Kernel distance of crops to the style's, by a network that no loss knows."""
    note: str
    """Why it was not run, or what else is to be said."""
    style_normalised: float | None = None
    """The style loss divided by that of the unchanged photos: 1 none of the style, 0 all of it."""
    judge_normalised: float | None = None
    """The judge's distance divided by that of the unchanged photos."""

    def beside(self, photo: "LossRow | None") -> "LossRow":
        """This row, normalised by that of the unchanged photos in the same style."""
        if photo is None:
            return self
        return replace(
            self,
            style_normalised=ratio(self.style_loss, photo.style_loss),
            judge_normalised=ratio(self.judge, photo.judge),
        )


@dataclass(frozen=True)
class Identity:
    """How well the identity code gives photos back, in decibels of PSNR."""

    mean_db: float
    least_db: float
    """Of the photo that comes back worst."""


@dataclass(frozen=True)
class EqualContent:
    """Impasto beside a peer's network for the same painting, at its content loss.

    Between measured strengths everything is interpolated linearly over the content loss. If even
    full strength stays below the peer's content loss, it counts as it is: nearer to the photo, its
    other numbers are then no better than at equal content loss.
    """

    style: str
    content: float
    """The peer's content loss."""
    strength: float | None
    """At which impasto has it; None if it has a higher one at every strength."""
    style_loss: float | None
    """Impasto's there."""
    style_ratio: float | None
    """Divided by the peer's: below 1 more of the style."""
    judge_ratio: float | None
    """The same of the judge's distances."""


@dataclass(frozen=True)
class LossReport:
    """Everything that one call measured, and of what."""

    date: str
    commit: Commit | None
    versions: Mapping[str, str]
    engine: BackendInfo
    model: ModelFacts
    recipe: str
    photos: int
    straight_photos: int
    """On how many of them straight lines were looked at."""
    size: int
    """The long side of photos and style pictures, in pixels."""
    crops: int
    """How many crops of each method the judge saw; 0 without a judge."""
    rows: list[LossRow]
    identity: Identity
    equal_content: list[EqualContent]
    weak: Mapping[str, float]
    """Styles whose normalised loss is above 1.5 times the median, as multiples of it."""

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON."""
        return {"benchmark": "losses", **asdict(self)}


def rounded(value: float | None) -> float | None:
    """To six places; None stays."""
    return None if value is None else round(value, 6)


def ratio(value: float | None, base: float | None) -> float | None:
    """`value / base`; None without either, or where there is nothing to divide by."""
    return None if value is None or not base else round(value / base, 6)


def equal_contents(rows: Sequence[LossRow]) -> list[EqualContent]:
    """Impasto beside each peer whose painting it has too, at the peer's content loss."""
    found = []
    for peer in rows:
        ours = [row for row in rows if row.method == IMPASTO and row.style == peer.style]
        curve = [row for row in ours if row.content is not None and row.style_loss is not None]
        if peer.method == PEER and peer.style_loss is not None and curve:
            found.append(_at_content(curve, peer))
    return found


def _at_content(curve: Sequence[LossRow], peer: LossRow) -> EqualContent:
    ordered = sorted(curve, key=lambda row: row.content or 0.0)
    content = peer.content or 0.0

    def at(field: str) -> float | None:
        values = [getattr(row, field) for row in ordered]
        if content < (ordered[0].content or 0.0) or None in values:
            return None
        return float(np.interp(content, [row.content or 0.0 for row in ordered], values))

    style_loss, judged = at("style_loss"), at("judge")
    return EqualContent(
        style=peer.style,
        content=content,
        strength=rounded(at("strength")),
        style_loss=rounded(style_loss),
        style_ratio=ratio(style_loss, peer.style_loss),
        judge_ratio=ratio(judged, peer.judge),
    )


def weak_styles(rows: Sequence[LossRow]) -> dict[str, float]:
    """Styles that impasto at full strength paints worse than the others, as `LossReport.weak`."""
    full = [row for row in rows if row.method == IMPASTO and row.strength == 1.0]
    values = {row.style: row.style_normalised for row in full if row.style_normalised is not None}
    return {name: round(times, 3) for name, times in above_median(values, WEAK).items()}


def above_median(values: Mapping[str, float], times: float) -> dict[str, float]:
    """Those above so many times the median, as multiples of it, the largest first."""
    if not values:
        return {}
    median = float(np.median(list(values.values())))
    ratios = {name: value / median for name, value in values.items() if value > times * median}
    return dict(sorted(ratios.items(), key=lambda item: -item[1]))
