import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import skimage
import torch
from PIL import Image

from impasto.cli.app import main
from impasto.core.errors import ModelError, NumericalError
from impasto.core.settings import EngineSettings
from impasto.engine.backends import open_backend
from impasto.engine.model import load_model
from impasto.engine.painter import Painter
from impasto.lab.export import set_std_floor, write_model
from impasto.lab.exported import read_trunk, read_weights
from impasto.lab.levels import TrunkSettings
from impasto.lab.nets import CodeBook, Trunk
from impasto.lab.recipe import Weights
from impasto.lab.verify import verify
from impasto.styles.package import read_style

SHAPES = {
    "mixed": TrunkSettings(),
    "banked": TrunkSettings(8, (16, 24), (1, 1), (1, 0), banks=(4, 2)),
    "quarter": TrunkSettings(8, (16,), (2,), (0,)),
    "inverted": TrunkSettings(8, (16, 32), (1, 1), (1, 0), "inverted", 2),
}
PHOTOS = [
    np.asarray(Image.open(Path(skimage.data_dir) / f).convert("RGB"))
    for f in ("coffee.png", "rocket.jpg", "chelsea.png")
]


def untrained(settings: TrunkSettings) -> tuple[Trunk, CodeBook]:
    """A trunk and two codes, random but with weights that float16 holds exactly."""
    torch.manual_seed(3)
    trunk = Trunk(settings).eval()
    book = CodeBook(["one"], trunk.first_code())
    with torch.no_grad():
        book.codes += torch.randn_like(book.codes) / 4
        for tensor in [*trunk.state_dict().values(), *book.state_dict().values()]:
            tensor.copy_(tensor.half())
    return trunk, book


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_graphs_agree_with_torch(shape: str, runtime: str, tmp_path: Path) -> None:
    """Both graphs of every kind of trunk give what torch gives, in both runtimes."""
    trunk, book = untrained(SHAPES[shape])
    write_model(trunk, book, tmp_path, name="m", recipe="none")
    codes = [code.numpy() for code in book.codes.detach()]
    backend = open_backend(runtime, EngineSettings(precision="float32"))
    agreement = verify(trunk, load_model(tmp_path), codes, PHOTOS, backend)
    assert agreement.levels <= 1
    assert agreement.stats < 1e-3


def test_verification_notices_a_wrong_weight(tmp_path: Path) -> None:
    """Graphs that do not belong to the network are refused."""
    trunk, book = untrained(SHAPES["quarter"])
    write_model(trunk, book, tmp_path, name="m", recipe="none")
    with torch.no_grad():
        trunk.end.weight += 0.05
    codes = [code.numpy() for code in book.codes.detach()]
    with pytest.raises(NumericalError, match="differ from torch"):
        verify(trunk, load_model(tmp_path), codes, PHOTOS)


def test_the_trunk_comes_back_from_its_folder(tmp_path: Path) -> None:
    """A model folder holds all that is needed to rebuild the network in torch."""
    trunk, book = untrained(SHAPES["inverted"])
    write_model(trunk, book, tmp_path, name="m", recipe="none")
    image, code = torch.rand(1, 3, 24, 24), book.codes[1:]
    torch.testing.assert_close(read_trunk(tmp_path)(image, code), trunk(image, code))


def test_a_model_says_what_it_measures(tmp_path: Path) -> None:
    """A thumbnail of another size is in the manifest, and comes back with the network."""
    trunk, book = untrained(dataclasses.replace(SHAPES["quarter"], thumbnail=96))
    write_model(trunk, book, tmp_path, name="m", recipe="none")
    assert load_model(tmp_path).thumbnail == 96
    assert read_trunk(tmp_path).settings == trunk.settings


def test_the_weights_of_the_loss_come_back(tmp_path: Path) -> None:
    """What each term counted is read from the manifest; one that it does not name did not count."""
    trunk, book = untrained(SHAPES["quarter"])
    weights = Weights(style=7.0, content=0.5)
    write_model(trunk, book, tmp_path, name="m", recipe="none", weights=weights)
    assert read_weights(tmp_path) == weights
    _change_manifest(tmp_path, weights={"style": 2, "of-another-version": 3})
    assert read_weights(tmp_path).style == 2.0
    assert read_weights(tmp_path).content == 0.0


def test_a_model_without_weights_has_the_usual_ones(tmp_path: Path) -> None:
    """A manifest without weights gives the defaults; one with nonsense is an error."""
    trunk, book = untrained(SHAPES["quarter"])
    write_model(trunk, book, tmp_path, name="m", recipe="none")
    assert read_weights(tmp_path) == Weights()
    for nonsense in ({"style": "much"}, {"style": -1}, {"style": float("nan")}, [1]):
        _change_manifest(tmp_path, weights=nonsense)
        with pytest.raises(ModelError, match="weights in its manifest"):
            read_weights(tmp_path)


def test_the_network_of_another_version_is_refused(tmp_path: Path) -> None:
    """A model whose network cannot be rebuilt is an error that names its folder."""
    trunk, book = untrained(SHAPES["quarter"])
    (tmp_path / "m").mkdir()
    write_model(trunk, book, tmp_path / "m", name="m", recipe="none")
    for changed in ({"width": 3}, {"stem": 16}, 7):
        _change_manifest(tmp_path / "m", trunk=changed)
        with pytest.raises(ModelError, match="m: its network"):
            read_trunk(tmp_path / "m")


def _change_manifest(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_the_floor_is_below_what_photos_have() -> None:
    """After setting the floor, photos are measured as before and a grey picture is not."""
    trunk, book = untrained(SHAPES["quarter"])
    set_std_floor(trunk, book, PHOTOS)
    assert (trunk.std_floor > 0).all()
    flat = trunk.measure(torch.full((1, 3, 64, 64), 0.5), book.codes[:1])
    assert torch.equal(flat[0, 1], trunk.std_floor)


def test_train_and_export_from_the_command_line(
    workshop: Path, capsys: pytest.CaptureFixture
) -> None:
    """A recipe becomes a model and a style that paint, and a second export is the same bytes."""
    recipe, run = str(workshop / "recipe.toml"), str(workshop / "run")
    assert main(["train", recipe, "--run", run]) == 0
    assert (workshop / "run/checkpoint.pt").exists()
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "impasto: measures the pictures of its styles first"
    assert told[-1].endswith("/run, at step 4 of 4")
    for name in ("first", "second"):
        target = workshop / name
        call = [
            "export",
            recipe,
            "--run",
            run,
            "--model",
            str(target / "m"),
            "--styles",
            str(target),
        ]
        assert main(call) == 0
    facts = json.loads(capsys.readouterr().out.split("}\n")[0] + "}")
    assert facts["painted_difference_levels"] <= 1
    for file in ("m/weights.safetensors", "m/measure.onnx", "m/paint.onnx", "rocket.safetensors"):
        first, second = ((workshop / name / file).read_bytes() for name in ("first", "second"))
        assert first == second, file
    style = read_style(workshop / "first/rocket.safetensors")
    painted = Painter(style, model=workshop / "first/m").paint(PHOTOS[0])
    assert painted.shape == PHOTOS[0].shape
    assert (painted != PHOTOS[0]).any()


def test_export_without_a_run_says_what_to_do(
    workshop: Path, capsys: pytest.CaptureFixture
) -> None:
    """Exporting before training is wrong usage, in one line."""
    call = ["export", str(workshop / "recipe.toml"), "--run", str(workshop / "none")]
    assert main([*call, "--model", str(workshop / "m"), "--styles", str(workshop)]) == 2
    error = capsys.readouterr().err
    assert "impasto train" in error
    assert error.count("\n") == 1
    assert not (workshop / "m").exists()
