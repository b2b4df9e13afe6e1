"""Bakes a style: one ONNX graph, picture in and painting out, that needs nothing beside it.

With statistics frozen the affine is a constant, so it folds into the convolutions: what is left is
a plain network for INT8, phones and other runtimes. The price is that every photo is painted with
the statistics of an average one; `differences` tells how much that is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from impasto.core.arrays import RGB, Affine, Stats
from impasto.core.errors import InputError, NumericalError
from impasto.core.files import shown
from impasto.core.settings import PaintSettings
from impasto.engine.affines import compose
from impasto.engine.backend import Backend
from impasto.engine.grain import grain
from impasto.engine.model import Model
from impasto.engine.painter import Painter
from impasto.lab.onnx_graph import PICTURE, Graph

GRAIN_CELLS = 256
"""Rows and columns of the grain inside a baked graph; pictures beyond see it again."""

MOST_LEVELS = 1
"""The largest difference of a painted byte that still counts as agreement."""


@dataclass(frozen=True)
class Differences:
    """How a baked graph paints, against the same painter without it."""

    same_affine_levels: int
    """The largest difference of a byte when both use the baked affine; steps of 1/255."""
    adaptive_psnr: float
    """Mean PSNR over photos against painting with each photo's own statistics, in dB."""


def bake(painter: Painter, photos: Sequence[RGB], path: Path) -> Differences:
    """Write a style as one graph, after comparing it with the painter.

    Args:
        painter: has the style and model; its backend runs the comparison.
        photos: at least one; their mean statistics are baked in, and all are painted twice.
        path: the ONNX file to write; the backend must not have loaded another one from there.

    Raises:
        InputError: there are no photos, or the painter does more than run its trunk.
        NumericalError: the baked graph does not paint what the painter paints.
        EngineError: the runtime refuses.
    """
    _check_settings(painter.settings)
    if painter.spec.is_photo:
        raise InputError("'photo' is no style: there is nothing to bake")
    affine = compose(painter.code, mean_statistics(painter, photos))
    write_baked(painter.model, affine, path)
    found = differences(painter, affine, photos, path)
    if found.same_affine_levels > MOST_LEVELS:
        path.unlink()
        levels = found.same_affine_levels
        raise NumericalError(f"{shown(path)}: differs by {levels}/255; not written")
    return found


def _check_settings(settings: PaintSettings) -> None:
    """What follows after the trunk is not in a baked graph, and must not be asked for."""
    if settings.strength < 1:
        raise InputError(
            f"strength is {settings.strength:g}: only the full style can be baked; "
            "lay its painting over the photo"
        )
    if settings.colors != "style":
        raise InputError("the photo's own colours cannot be baked: paint with the colors 'style'")


def mean_statistics(painter: Painter, photos: Iterable[RGB]) -> Stats:
    """The mean, over photos, of what the painter measures on each.

    Raises:
        InputError: there are no photos.
    """
    measured = [painter.measure(photo) for photo in photos]
    if not measured:
        raise InputError("no photos to take statistics from: name a folder that has some")
    mean: Stats = np.stack(measured).mean(axis=0, dtype=np.float64).astype(np.float32)
    return mean


def differences(
    painter: Painter, affine: Affine, photos: Iterable[RGB], graph: Path
) -> Differences:
    """Paint photos with a baked graph, with the same affine, and with their own statistics."""
    levels, ratios = 0, []
    for photo in photos:
        baked = run_baked(painter.backend, graph, photo)
        same = painter.paint_pixels(photo, affine)
        own = painter.paint_pixels(photo, compose(painter.code, painter.measure(photo)))
        levels = max(levels, int(np.abs(baked.astype(np.int16) - same).max()))
        ratios.append(psnr(baked, own))
    return Differences(levels, round(float(np.mean(ratios)), 2))


def run_baked(backend: Backend, graph: Path, photo: RGB) -> RGB:
    """Paint a photo of any size with a baked graph, in float32 where it is not of INT8."""
    session = backend.load(graph, {"image": (1, *photo.shape)}, exact=True)
    painted: RGB = session.run({"image": photo[None]})[0]
    return painted


def psnr(one: RGB, two: RGB) -> float:
    """Peak signal-to-noise ratio of two pictures in dB; at most 99, for equal ones."""
    error = float(np.square(one.astype(np.float64) - two).mean())
    return min(99.0, 10 * float(np.log10(255**2 / error))) if error else 99.0


def write_baked(model: Model, affine: Affine, path: Path) -> None:
    """Write `(image uint8 [1, h, w, 3]) -> painted`, for any h and w, its weights inside."""
    graph = _BakedGraph(model)
    graph.constant_inputs(affine)
    graph.any_size()
    graph.fold_constants()
    graph.fold_affines()
    graph.save(path, {"image": PICTURE}, graph.painted, {"painted": PICTURE})


class _BakedGraph(Graph):
    """A model's paint graph, whose inputs are turned into constants one after the other."""

    def __init__(self, model: Model) -> None:
        super().__init__(model.folder / "weights.safetensors")
        self.model, self.painted = model, "painted_whole"
        loaded = onnx.load(model.paint_graph)
        self.nodes = list(loaded.graph.node)
        self.initialisers = {each.name: each for each in loaded.graph.initializer}
        self._rename("image", "padded")
        self.nodes[-1].output[0] = self.nodes[-1].name = self.painted

    def constant_inputs(self, affine: Affine) -> None:
        """The affine, its filters, and grain that is cut or repeated to the picture's size."""
        self._first(lambda: self._call("affine", self.floats(affine)))
        if self.model.filters:
            mix = ReferenceEvaluator(onnx.load(self.model.mix_graph))
            (filters,) = cast("list[Any]", mix.run(None, {"code": affine}))
            self._first(lambda: self._call("filters", self.floats(filters)))
        self._first(lambda: self._call("grain", self._grain()))

    def any_size(self) -> None:
        """Replicates the edges up to what the network takes, and cuts the painting out again."""
        margin, multiple = self.model.margin, self.model.multiple

        def pad() -> None:
            size = self.slice(self.add("Shape", "image"), (0,), (1,), (3,))
            sides = self.add("Add", size, self.ints(2 * margin))
            rest = self.add("Mod", self.add("Neg", sides), self.ints(multiple))
            ends = self.add("Add", rest, self.ints(margin))
            zero = self.ints(0)
            pads = self.ints(0, margin, margin, 0)
            pads = self.add("Concat", pads, zero, ends, zero, axis=0)
            self._call("padded", self.add("Pad", "image", pads, mode="edge"))

        self._first(pad)
        size = self.slice(self.add("Shape", "image"), (0,), (1,), (3,))
        first, axes = self.ints(margin, margin), self.ints(1, 2)
        last = self.add("Add", size, first)
        self.painted = self.add("Slice", self.painted, first, last, axes)

    def fold_constants(self) -> None:
        """Replaces every operator on constants by its value."""
        kept: list[onnx.NodeProto] = []
        known = self._values()
        for node in self.nodes:
            if all(name in known for name in node.input if name):
                feeds: dict[str, Any] = {name: known[name] for name in node.input if name}
                values = cast("list[Any]", ReferenceEvaluator(node).run(None, feeds))
                known |= zip(node.output, values, strict=True)
            else:
                kept.append(node)
        self.nodes = kept
        self._keep(known)

    def fold_affines(self) -> None:
        """Takes the multiply-add that follows a convolution into its kernel and bias."""
        for conv in [node for node in self.nodes if node.op_type == "Conv"]:
            while (node := self._only_user(conv.output[0])) is not None:
                factor = self._per_channel(node)
                if factor is None or node.op_type not in ("Mul", "Add"):
                    break
                self._absorb(conv, node.op_type, factor)
                conv.output[0] = node.output[0]
                self.nodes.remove(node)
        self._keep(self._values())

    def _absorb(self, conv: onnx.NodeProto, operator: str, factor: np.ndarray) -> None:
        kernel = numpy_helper.to_array(self.initialisers[conv.input[1]])
        has_bias = len(conv.input) > 2
        bias = numpy_helper.to_array(self.initialisers[conv.input[2]]) if has_bias else 0.0
        if operator == "Mul":
            kernel, bias = kernel * factor[:, None, None, None], bias * factor
        else:
            bias = bias + factor
        self._set(conv, kernel, np.broadcast_to(bias, kernel.shape[:1]))

    def _set(self, conv: onnx.NodeProto, *values: np.ndarray) -> None:
        """Gives a convolution a kernel and bias of its own."""
        conv.input[1:] = [f"{conv.name}_kernel", f"{conv.name}_bias"]
        for name, value in zip(conv.input[1:], values, strict=True):
            self.initialisers[name] = numpy_helper.from_array(value.astype(np.float32), name)

    def _per_channel(self, node: onnx.NodeProto) -> np.ndarray | None:
        """The constant operand of a node, if it is one number a channel."""
        found = [self.initialisers[name] for name in node.input if name in self.initialisers]
        if len(found) != 1 or len(found[0].dims) != 4 or found[0].dims[0] != 1:
            return None
        value = numpy_helper.to_array(found[0])
        return value.reshape(-1) if value.shape[2:] == (1, 1) else None

    def _only_user(self, name: str) -> onnx.NodeProto | None:
        users = [node for node in self.nodes if name in node.input]
        return users[0] if len(users) == 1 else None

    def _grain(self) -> str:
        """The grain of the padded picture: rows and columns of a constant field."""
        x = self.floats(grain(GRAIN_CELLS, GRAIN_CELLS))
        shape = self.add("Shape", "padded")
        for axis, side in ((2, 1), (3, 2)):
            count = self.add("Gather", shape, self.constant(side, np.int64))
            cells = self.add("Div", count, self.constant(self.model.grain_cell, np.int64))
            zero, one = self.constant(0, np.int64), self.constant(1, np.int64)
            index = self.add("Mod", self.add("Range", zero, cells, one), self.ints(GRAIN_CELLS))
            x = self.add("Gather", x, index, axis=axis)
        return x

    def _call(self, name: str, x: str) -> None:
        """Gives a tensor the name that operators know it by."""
        self.nodes.append(onnx.helper.make_node("Identity", [x], [name], f"named_{name}"))

    def _first(self, build: Any) -> None:
        """Puts what `build` adds before all other operators."""
        count = len(self.nodes)
        build()
        self.nodes = self.nodes[count:] + self.nodes[:count]

    def _rename(self, before: str, after: str) -> None:
        for node in self.nodes:
            node.input[:] = [after if name == before else name for name in node.input]

    def _values(self) -> dict[str, np.ndarray]:
        return {name: numpy_helper.to_array(each) for name, each in self.initialisers.items()}

    def _keep(self, known: dict[str, np.ndarray]) -> None:
        """Of all constants those that operators still take, as float32 or integers."""
        used = {name for node in self.nodes for name in node.input}
        self.initialisers = {
            name: numpy_helper.from_array(np.ascontiguousarray(known[name]), name)
            for name in sorted(used & known.keys())
        }
