"""The verb `doctor`: what is installed here, what works, and where things lie."""

import json
import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import typer

from impasto.cli.ends import PARTLY_FAILED
from impasto.cli.options import AsJson
from impasto.cli.streams import answer
from impasto.core.errors import ImpastoError, OutputError
from impasto.core.files import cache_home, check_takes_files, data_home
from impasto.core.settings import Device, EngineSettings
from impasto.engine.backends import BackendName, open_backend

if TYPE_CHECKING:
    from impasto.engine.model import Model

# Asked by name and not imported: torch alone would take seconds.
_LIBRARIES = ("impasto", "numpy", "pillow", "openvino", "onnxruntime", "pillow-heif", "torch")


_WITHOUT = {
    "data": "no styles of your own can be added: set IMPASTO_HOME to another",
    "cache": "each call compiles its graphs anew: set IMPASTO_CACHE to another",
}


def doctor(as_json: AsJson = False) -> None:
    """Show versions, engines, CPU features, formats, folders, models and styles.

    Ends with exit code 1 if something that painting needs does not work.
    """
    facts = examine()
    if as_json:
        answer(json.dumps(facts, indent=2))
    else:
        for line in _lines(facts):
            answer(line)
    raise typer.Exit(PARTLY_FAILED if facts["problems"] else 0)


def examine() -> dict[str, Any]:
    """Look at everything; `problems` lists in words what keeps impasto from painting.

    `warnings` lists what does not work and is not needed for that.
    """
    from impasto.core.cpu import cpu_features

    problems: list[str] = []
    folders = {"data": data_home(), "cache": cache_home()}
    return {
        "versions": {"python": platform.python_version()}
        | {name: _version(name) for name in _LIBRARIES},
        "system": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "cpu_features": cpu_features(),
        "engines": {name: _engine(name, problems) for name in get_args(BackendName)},
        "devices": {device: _device(device) for device in get_args(Device) if device != "auto"},
        "formats": _formats(),
        "folders": {name: str(folder) for name, folder in folders.items()},
        "models": _models(problems),
        "styles": _styles(problems),
        "problems": problems,
        "warnings": [*_unwritable(folders)],
    }


def _unwritable(folders: dict[str, Path]) -> Iterator[str]:
    """What is wrong with folders that take no files, and what that means."""
    for name, folder in folders.items():
        try:
            check_takes_files(folder)
        except OutputError as error:
            yield f"{error}; {_WITHOUT[name]}"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _engine(name: BackendName, problems: list[str]) -> dict[str, str]:
    try:
        info = open_backend(name).info
    except ImpastoError as error:
        if name == "openvino":  # the others are extras
            problems.append(str(error))
        return {"error": str(error)}
    return {"version": info.version, "device": info.device, "precision": info.precision}


def _device(device: Device) -> dict[str, Any]:
    """The runtimes that have a device, found by opening it; where none has, what it needs."""
    try:
        open_backend(settings=EngineSettings(device=device))
    except ImpastoError as error:
        return {"engines": [], "error": str(error)}
    return {"engines": [name for name in get_args(BackendName) if _opens(name, device)]}


def _opens(name: BackendName, device: Device) -> bool:
    try:
        open_backend(name, EngineSettings(device=device))
    except ImpastoError:
        return False
    return True


def _formats() -> list[str]:
    from PIL import features

    from impasto.media.formats import FORMATS

    missing = {name for name in ("webp", "avif") if not features.check(name)}
    if _version("pillow-heif") is None:
        missing.add("heif")
    return [one.name for one in FORMATS if one.name.lower() not in missing]


def _models(problems: list[str]) -> list[dict[str, str | int | float]]:
    """The models that --model takes by name, the default one first."""
    from impasto.engine.model import load_model, model_names

    models = []
    for name in model_names():
        try:
            models.append(_facts_of(name, load_model(name)))
        except ImpastoError as error:
            problems.append(str(error))
    return models


def _facts_of(name: str, model: "Model") -> dict[str, str | int | float]:
    return {
        "name": name,
        "trunk_id": model.trunk_id,
        "gmac_512": model.gmac_512,
        "parameters": model.parameters,
        "folder": str(model.folder),
    }


def _styles(problems: list[str]) -> list[str]:
    from impasto.styles.library import Library

    library = Library()
    usable = []
    for name in library.names():
        try:
            library.get(name)
        except ImpastoError as error:
            problems.append(str(error))
        else:
            usable.append(name)
    if not usable:
        problems.append(f"no styles are installed in {library.folders[-1]}")
    return usable


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    for name, number in facts["versions"].items():
        yield f"{name:12} {number or 'not installed'}"
    yield f"system       {facts['system']}"
    yield f"cpu          {' '.join(facts['cpu_features']) or 'features unknown'}"
    for name, engine in facts["engines"].items():
        what = engine.get("error") or f"works on {engine['device']} in {engine['precision']}"
        yield f"engine       {name}: {what}"
    for name, device in facts["devices"].items():
        yield f"device       {device.get('error') or name + ': ' + ', '.join(device['engines'])}"
    yield f"formats      {' '.join(facts['formats'])}"
    for name, folder in facts["folders"].items():
        yield f"{name:12} {folder}"
    for model in facts["models"]:
        cost = f"{model['gmac_512']:.3g} GMAC at 512 x 512, {model['parameters']:,} parameters"
        yield f"model        {model['name']} {model['trunk_id'][:12]}, {cost}"
    if not facts["models"]:
        yield "model        none"
    yield f"styles       {' '.join(facts['styles']) or 'none'}"
    yield from (f"problem      {problem}" for problem in facts["problems"])
    yield from (f"warning      {warning}" for warning in facts["warnings"])
    if not facts["problems"] and not facts["warnings"]:
        yield "All is well."
