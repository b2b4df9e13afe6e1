"""Builds one style from a folder of pictures: checked, measured one by one, and averaged."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from impasto.core.errors import ModelError, SettingsError
from impasto.core.files import reason, sha256_file, shown
from impasto.core.notice import warn
from impasto.lab.data import to_tensor
from impasto.lab.feature_cache import FeatureCache, View
from impasto.lab.features import load_features
from impasto.lab.looks import Look, MeanLook, Network, measure
from impasto.lab.pictures import StylePicture, open_style_picture, survey
from impasto.lab.sidecar import Facts
from impasto.lab.style_file import MeasuredStyle
from impasto.lab.targets import STYLE_LAYERS
from impasto.media.resize import fit_long_side
from impasto.styles.spec import check_name

SCHOOL = 50
"""A school of fewer pictures is a few pictures, and not what they have in common."""


@dataclass(frozen=True)
class About:
    """What a style is called, and what is true of all its pictures unless they say otherwise."""

    name: str
    title: str = ""
    """Without one, the name."""
    artist: str = ""
    licence: str = ""
    school: bool = False
    """The style of many hands; so is one whose pictures name several artists."""


@dataclass(frozen=True)
class Eye:
    """What pictures are looked at with.

    Raises:
        SettingsError: no layers or scales, one given twice, or a scale below 32 pixels.
    """

    network: Path
    """The file of the feature network."""
    layers: tuple[str, ...] = STYLE_LAYERS
    scales: tuple[int, ...] = (512, 256)
    """Long sides in pixels; smaller pictures keep their size."""

    def __post_init__(self) -> None:
        for what, values in (("layers", self.layers), ("scales", self.scales)):
            if not values or len(set(values)) != len(values):
                raise SettingsError(f"the {what} {values} must be at least one, each once")
        if min(self.scales) < 32:
            raise SettingsError(f"the scale {min(self.scales)} must be at least 32 pixels")

    def views(self) -> dict[int, View]:
        """How each scale is measured; raises `ModelError` if there is no such network file."""
        try:
            network = sha256_file(self.network)
        except OSError as error:
            raise ModelError(
                f"cannot read the feature network {shown(self.network)}: {reason(error)}"
            ) from error
        return {scale: View(network, self.layers, scale) for scale in self.scales}


def build_style(
    folder: Path,
    about: About,
    eye: Eye,
    kept: FeatureCache | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> MeasuredStyle:
    """Measure a style of 1 to hundreds of pictures.

    Pictures are described by the table `pictures.csv` in their folder, if there is one. Each is
    measured on its own and only running sums are kept, so memory does not grow with their number.
    A picture that was measured before, under whatever name, is not measured again; if all were,
    the network is not even loaded. Warns of pictures that are left out or small, and of a school
    of few pictures.

    Args:
        folder: the pictures, in folders below it if wanted.
        about: what the manifest says of the style.
        eye: the feature network, its layers, and the scales.
        kept: earlier measurements; by default those of the user's cache folder.
        progress: is told how many pictures are done, and of how many.

    Raises:
        StyleError: the name is not allowed.
        InputError: there is no such folder, no picture in it, or a bad table.
        ImageError: pictures cannot be used; each is named.
        ModelError: the feature network is missing or damaged, or lacks a layer.
    """
    check_name(about.name)
    views = eye.views()
    default = Facts(artist=about.artist, licence=about.licence)
    pictures, twins = survey(folder, default)
    _check_school(about, pictures)
    memory = _Memory(FeatureCache() if kept is None else kept, eye.network)
    means = {scale: MeanLook() for scale in views}
    for done, picture in enumerate(pictures, start=1):
        for scale, view in views.items():
            means[scale].add(memory.look(folder / picture.file, picture.sha256, view))
        if progress is not None:
            progress(done, len(pictures))
    view = views[eye.scales[0]]  # they differ in nothing but the scale
    return MeasuredStyle(
        name=about.name,
        title=about.title or about.name,
        artist=about.artist,
        licence=about.licence,
        network=view.network,
        augmentation=view.augmentation,
        pictures=tuple(pictures),
        left_out=tuple(twins),
        looks={scale: total.mean() for scale, total in means.items()},
    )


class _Memory:
    """Looks from the cache, or measured by a network that is loaded when it is first needed."""

    def __init__(self, kept: FeatureCache, network: Path) -> None:
        self._kept = kept
        self._network: Callable[[], Network] = cache(lambda: load_features(network))

    def look(self, path: Path, sha256: str, view: View) -> Look:
        key = view.key(sha256)
        found = self._kept.get(key)
        if found is None:
            pixels = fit_long_side(open_style_picture(path), view.scale)
            found = measure(to_tensor(pixels), self._network(), view.layers)
            self._kept.put(key, found)
        return found


def _check_school(about: About, pictures: Sequence[StylePicture]) -> None:
    artists = Counter(each.artist for each in pictures if each.artist)
    if (about.school or len(artists) > 1) and len(pictures) < SCHOOL:
        warn(
            f"style {about.name!r} is a school of {len(pictures)} pictures: "
            f"with {SCHOOL} or more it is what they have in common"
        )
