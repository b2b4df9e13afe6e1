from pathlib import Path

import numpy as np
import onnx
import pytest
import skimage.data
from onnx import TensorProto, helper

from impasto.core.errors import ModelError
from impasto.core.settings import EngineSettings
from impasto.engine.model import load_model
from impasto.engine.painter import Painter
from impasto.lab.reach import reach_of


def save(path: Path, nodes: list[onnx.NodeProto], **constants: np.ndarray) -> Path:
    """A graph `(image, affine, grain) -> painted` of some nodes; sides are dynamic."""
    value = helper.make_tensor_value_info
    inputs = [
        value("image", TensorProto.FLOAT, [1, "h", "w", 3]),
        value("grain", TensorProto.FLOAT, [1, 1, "r", "c"]),
    ]
    output = value("painted", TensorProto.FLOAT, [1, "h", "w", 3])
    tensors = [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "paint", inputs, [output], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), path)
    return path


def ends(*between: onnx.NodeProto) -> list[onnx.NodeProto]:
    """Nodes that take `x` to `y`, both [1, 3, h, w], between image and painting."""
    first = helper.make_node("Transpose", ["image"], ["x"], perm=[0, 3, 1, 2])
    last = helper.make_node("Transpose", ["y"], ["painted"], perm=[0, 2, 3, 1])
    return [first, *between, last]


def kernel(rows: int, columns: int) -> np.ndarray:
    """A convolution's weights from 3 to 3 channels."""
    return np.ones((3, 3, rows, columns), np.float32)


def test_a_convolution_reaches_half_its_kernel(tmp_path: Path) -> None:
    """The longer side of a kernel counts, and several in a row add up."""
    nodes = ends(
        helper.make_node("Conv", ["x", "one"], ["a"], pads=[1, 3, 1, 3]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "two"], ["y"], pads=[1, 1, 1, 1]),
    )
    path = save(tmp_path / "g.onnx", nodes, one=kernel(3, 7), two=kernel(3, 3))
    assert reach_of(path, 4, 4) == 4


def test_strides_and_upsampling_count_in_pixels(tmp_path: Path) -> None:
    """A 3x3 convolution at a quarter of the size reaches 4 pixels and its cell's other pixels."""
    nodes = ends(
        helper.make_node("SpaceToDepth", ["x"], ["a"], blocksize=4),
        helper.make_node("Conv", ["a", "inner"], ["b"], pads=[1, 1, 1, 1]),
        helper.make_node("DepthToSpace", ["b"], ["y"], blocksize=4),
    )
    path = save(tmp_path / "g.onnx", nodes, inner=np.ones((48, 48, 3, 3), np.float32))
    assert reach_of(path, 4, 4) == 7


def test_grain_counts(tmp_path: Path) -> None:
    """What only looks far for grain reaches as far as for pixels."""
    nodes = ends(
        helper.make_node("Conv", ["grain", "wide"], ["a"], pads=[2, 2, 2, 2]),
        helper.make_node("DepthToSpace", ["a"], ["b"], blocksize=8),
        helper.make_node("Add", ["x", "b"], ["y"]),
    )
    path = save(tmp_path / "g.onnx", nodes, wide=np.ones((64, 1, 5, 5), np.float32))
    assert reach_of(path, 8, 8) == 23  # two cells, and seven pixels within the pixel's own


def test_an_operator_that_looks_everywhere_is_refused(tmp_path: Path) -> None:
    """A graph whose reach cannot be told is an error that names the operator."""
    nodes = ends(
        helper.make_node("GlobalAveragePool", ["x"], ["a"]),
        helper.make_node("Sub", ["x", "a"], ["y"]),
    )
    with pytest.raises(ModelError, match=r"g\.onnx: .*GlobalAveragePool"):
        reach_of(save(tmp_path / "g.onnx", nodes), 4, 4)


def test_the_shipped_model_says_its_reach() -> None:
    """The number in the manifest of the bundled model is that of its graph."""
    model = load_model()
    assert model.reach == reach_of(model.paint_graph, model.multiple, model.grain_cell)


def test_one_pixel_changes_nothing_beyond_the_reach() -> None:
    """A changed pixel of a real painting is seen far away, and not one pixel further than told."""
    photo = skimage.data.astronaut()
    painter = Painter("great-wave", engine=EngineSettings(precision="float32"))
    affine, reach = painter.affine(photo), painter.model.reach
    assert reach is not None
    part = photo[:304, :304].copy()
    before, furthest = painter.paint_pixels(part, affine), 0
    for at in range(144, 160, 4):  # several places within the coarsest cell
        changed = part.copy()
        changed[at, at] ^= 255
        moved = (painter.paint_pixels(changed, affine) != before).any(axis=2)
        furthest = max(furthest, *(int(np.abs(lines - at).max()) for lines in np.nonzero(moved)))
    assert reach // 2 < furthest <= reach
