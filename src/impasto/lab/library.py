"""Builds one style from a folder of pictures: checked, measured one by one, and averaged."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from impasto.core.errors import ModelError, SettingsError, StyleError
from impasto.core.files import reason, sha256_file, shown
from impasto.core.notice import warn
from impasto.core.records import short_repr
from impasto.lab.augmentation import Augmentation, name_of, views
from impasto.lab.feature_cache import FeatureCache, View
from impasto.lab.features import features_file, load_features
from impasto.lab.looks import Look, MeanLook, Network, mean_look
from impasto.lab.pictures import (
    StylePicture,
    check_pictures,
    gather,
    of_folder,
    open_style_picture,
)
from impasto.lab.recipe import Recipe
from impasto.lab.sidecar import Facts
from impasto.lab.style_file import MeasuredStyle
from impasto.lab.targets import COARSE, STYLE_LAYERS, side
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

    def __post_init__(self) -> None:
        """Raises StyleError for texts that a package would not be read with again."""
        for key in ("title", "artist", "licence"):
            if not (text := getattr(self, key)).isprintable():
                raise StyleError(f"its {key} {short_repr(text)} has unprintable characters")


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
    augmentation: Augmentation | None = None
    """Pictures are varied by this before they are looked at."""

    def __post_init__(self) -> None:
        for what, values in (("layers", self.layers), ("scales", self.scales)):
            if not values or len(set(values)) != len(values):
                raise SettingsError(f"the {what} {values} must be at least one, each once")
        if min(self.scales) < 32:
            raise SettingsError(f"the scale {min(self.scales)} must be at least 32 pixels")

    @classmethod
    def of_recipe(cls, recipe: Recipe, assets: Path) -> "Eye":
        """What training by a recipe looks at: its network, both its scales, its augmentation."""
        network = features_file(recipe.features, assets)
        scales = (side(recipe), side(recipe, COARSE))
        return cls(network, STYLE_LAYERS, scales, recipe.augmentation)

    def network_id(self) -> str:
        """The SHA-256 of the network's file; raises `ModelError` if there is no such file."""
        try:
            return sha256_file(self.network)
        except OSError as error:
            raise ModelError(
                f"cannot read the feature network {shown(self.network)}: {reason(error)}"
            ) from error


def build_style(
    source: Path | Sequence[Path],
    about: About,
    eye: Eye,
    kept: FeatureCache | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> MeasuredStyle:
    """Measure a style of 1 to hundreds of pictures.

    Pictures are described by the table `pictures.csv` in their folder, if there is one. Each is
    measured on its own, through its views if it is augmented, and only running sums are kept, so
    memory does not grow with their number.
    A picture that was measured before, under whatever name, is not measured again; if all were,
    the network is not even loaded. Warns of pictures that are left out or small, and of a school
    of few pictures.

    Args:
        source: the folder of the pictures, in folders below it if wanted; or pictures and
            folders.
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
    network = eye.network_id()  # before the pictures are read, which takes longer
    default = Facts(artist=about.artist, licence=about.licence)
    paths, facts = of_folder(source) if isinstance(source, Path) else gather(source)
    pictures, twins = check_pictures(paths, facts, default)
    _check_school(about, pictures)
    varied = eye.augmentation and eye.augmentation.of_style(len(pictures))
    memory = _Memory(FeatureCache() if kept is None else kept, eye, network, varied)
    means = {scale: MeanLook() for scale in eye.scales}
    for done, picture in enumerate(pictures, start=1):
        for scale, look in memory.looks(paths[picture.file], picture.sha256):
            means[scale].add(look)
        if progress is not None:
            progress(done, len(pictures))
    return MeasuredStyle(
        name=about.name,
        title=about.title or about.name,
        artist=about.artist,
        licence=about.licence,
        network=network,
        augmentation=name_of(varied),
        pictures=tuple(pictures),
        left_out=tuple(twins),
        looks={scale: total.mean() for scale, total in means.items()},
    )


class _Memory:
    """Looks from the cache, or measured by a network that is loaded when it is first needed."""

    def __init__(
        self, kept: FeatureCache, eye: Eye, network: str, augmentation: Augmentation | None
    ) -> None:
        self._kept, self._augmentation = kept, augmentation
        name = name_of(augmentation)
        self._views = [View(network, eye.layers, scale, name) for scale in eye.scales]
        self._network: Callable[[], Network] = cache(lambda: load_features(eye.network))

    def looks(self, path: Path, sha256: str) -> Iterator[tuple[int, Look]]:
        """A picture's look at each scale; it is read once, and only if it has to be."""
        pixels = cache(lambda: open_style_picture(path))
        for view in self._views:
            key = view.key(sha256)
            found = self._kept.get(key)
            if found is None:
                seen = views(pixels(), view.scale, self._augmentation, sha256)
                found = mean_look(seen, self._network(), view.layers, name=shown(path))
                self._kept.put(key, found)
            yield view.scale, found


def _check_school(about: About, pictures: Sequence[StylePicture]) -> None:
    artists = Counter(each.artist for each in pictures if each.artist)
    if (about.school or len(artists) > 1) and len(pictures) < SCHOOL:
        warn(
            f"style {about.name!r} is a school of {len(pictures)} pictures: "
            f"with {SCHOOL} or more it is what they have in common"
        )
