"""`/v1/styles`, and styles that change while the server runs."""

import hashlib
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import numpy as np
import pytest

import impasto
from impasto.styles.package import Style, pack_style, read_style, write_style

from ..models import make_second_model, own_style, put
from .conftest import TOKEN, Running, StartServer, picture_file, pixels_of, until

PNG = {"content-type": "image/png"}
OWNER = {"authorization": f"Bearer {TOKEN}"}


def test_styles_are_listed_with_their_facts(server: Running) -> None:
    """All bundled styles are there, sorted, with where their pictures are."""
    listed = server.client.get("/v1/styles").json()["styles"]
    assert [each["name"] for each in listed] == [style.name for style in impasto.list_styles()]
    scream = next(each for each in listed if each["name"] == "scream")
    assert scream["title"] == "The Scream"
    assert scream["bundled"] is True
    assert scream["preview"] == "/v1/styles/scream/preview"
    assert server.client.get("/v1/styles/scream").json() == scream


def test_preview_and_package_are_files_with_etags(server: Running, tmp_path: Path) -> None:
    """The preview is a WebP, the package is the style; both need be sent only once."""
    preview = server.client.get("/v1/styles/scream/preview")
    assert preview.headers["content-type"] == "image/webp"
    assert preview.content[8:12] == b"WEBP"
    package = server.client.get("/v1/styles/scream/package")
    (tmp_path / "scream.safetensors").write_bytes(package.content)
    assert read_style(tmp_path / "scream.safetensors").title == "The Scream"
    for answer in (preview, package):
        etag = answer.headers["etag"]
        for known, status in ((etag, 304), (f'"x", W/{etag}', 304), ("*", 304), ('"x", "y"', 200)):
            again = server.client.get(answer.url.path, headers={"if-none-match": known})
            assert again.status_code == status


@pytest.mark.parametrize("path", ["", "/preview", "/package"])
def test_an_unknown_style_is_a_404(server: Running, path: str) -> None:
    """The problem names the nearest style."""
    answer = server.client.get(f"/v1/styles/screan{path}")
    assert answer.status_code == 404
    assert "did you mean scream" in answer.json()["detail"]


def test_styles_are_changed_only_where_a_token_is_set(server: Running) -> None:
    """Without a token nobody can prove to be the owner: PUT and DELETE are a 403."""
    data = pack_style(impasto.load_style("scream"))
    assert server.client.put("/v1/styles/scream", content=data).status_code == 403
    assert server.client.delete("/v1/styles/scream").status_code == 403


def test_a_style_is_added_replaced_and_removed(start: StartServer) -> None:
    """PUT makes a style paintable at once, DELETE takes it away; bundled ones stay."""
    client = start(token=TOKEN).client
    client.headers.update(OWNER)
    mine = replace(impasto.load_style("scream"), name="mine", title="Mine")
    assert client.put("/v1/styles/mine", content=pack_style(mine)).status_code == 201
    first = client.get("/v1/styles/mine").json()
    assert (first["title"], first["bundled"]) == ("Mine", False)
    changed = client.put("/v1/styles/mine", content=pack_style(_bent(mine, 1)))
    assert changed.status_code == 200
    assert changed.json()["version"] != first["version"]
    painted = client.post("/v1/paint?style=mine", content=picture_file(), headers=PNG)
    assert painted.headers["x-impasto-styles"] == f"mine@{changed.json()['version']}"
    assert client.delete("/v1/styles/mine").status_code == 204
    assert client.delete("/v1/styles/mine").status_code == 404
    assert client.delete("/v1/styles/scream").status_code == 409


def test_hostile_packages_are_refused(start: StartServer) -> None:
    """What is damaged, too large, of another name or another trunk is a 4xx, and nothing stays."""
    server = start(token=TOKEN)
    server.client.headers.update(OWNER)
    good = impasto.load_style("scream")
    data = pack_style(good)
    other = pack_style(replace(good, trunk_id="0" * 64))
    cases = {
        b"": 422,
        b"\x80\x04pickle": 422,
        data[:-1]: 422,
        b"\xff" * 8 + data: 422,
        data + b"x" * 100_000: 413,
        other: 422,
    }
    for body, status in cases.items():
        assert server.client.put("/v1/styles/scream", content=body).status_code == status
    assert server.client.put("/v1/styles/another", content=data).status_code == 422
    assert server.client.put("/v1/styles/..%2fx", content=data).status_code in (404, 405, 422)
    assert list((server.home / "styles").iterdir()) == []


def test_a_broken_package_is_named_and_the_old_one_stays(start: StartServer) -> None:
    """Log and /readyz say what was refused; painting goes on with the version before."""
    server = start()
    mine = replace(impasto.load_style("scream"), name="mine")
    path = server.home / "styles" / "mine.safetensors"
    write_style(mine, path)
    until(lambda: server.client.get("/v1/styles/mine").status_code == 200)
    version = server.client.get("/v1/styles/mine").json()["version"]
    path.write_bytes(b"broken")
    refused = until(lambda: server.client.get("/readyz").json()["refused"])
    assert "not a usable style package" in refused["mine"]
    assert server.client.get("/v1/styles/mine").json()["version"] == version
    painted = server.client.post("/v1/paint?style=mine", content=picture_file(), headers=PNG)
    assert painted.headers["x-impasto-styles"] == f"mine@{version}"
    assert any(line.get("event") == "style package refused" for line in server.lines())
    path.unlink()
    until(lambda: server.client.get("/v1/styles/mine").status_code == 404)
    assert server.client.get("/readyz").json()["refused"] == {}


def test_a_broken_package_hides_nothing_and_can_be_removed(
    start: StartServer, tmp_path: Path
) -> None:
    """After a start the bundled style of its name is painted; DELETE takes broken files away."""
    styles = tmp_path / "home" / "styles"
    styles.mkdir(parents=True)
    for name in ("scream", "junk"):
        (styles / f"{name}.safetensors").write_bytes(b"broken")
    server = start(token=TOKEN)
    server.client.headers.update(OWNER)
    assert server.client.get("/v1/styles/scream").json()["bundled"] is True
    assert server.client.get("/readyz").json()["refused"].keys() == {"scream", "junk"}
    assert server.client.delete("/v1/styles/scream").status_code == 204
    assert server.client.delete("/v1/styles/junk").status_code == 204
    assert server.client.delete("/v1/styles/scream").status_code == 409
    assert list(styles.iterdir()) == []
    assert server.client.get("/readyz").json()["refused"] == {}
    assert server.client.get("/v1/styles/scream").status_code == 200


def test_a_style_that_comes_while_the_server_starts_is_seen(
    start: StartServer, tmp_path: Path
) -> None:
    """What is added when the library was read, and nothing else has started, can be painted."""
    styles = tmp_path / "home" / "styles"
    styles.mkdir(parents=True)

    def add() -> None:
        until(lambda: "serving on" in "".join(log.read_text() for log in styles.glob("../log-*")))
        put(replace(impasto.load_style("scream"), name="mine"), styles)

    adding = threading.Thread(target=add)
    adding.start()
    server = start()
    adding.join()
    until(lambda: server.client.get("/v1/styles/mine").status_code == 200)
    answer = server.client.post("/v1/paint?style=mine", content=picture_file(), headers=PNG)
    assert answer.status_code == 200


def test_the_folder_of_styles_may_be_replaced(start: StartServer) -> None:
    """What is in its place counts; where that is no folder, styles stay and /readyz says why."""
    server = start()
    styles, mine = server.home / "styles", replace(impasto.load_style("scream"), name="mine")
    put(mine, server.home / "first")
    put(replace(mine, name="other"), server.home / "second")
    styles.rename(server.home / "old")
    _point(styles, server.home / "first")
    until(lambda: server.client.get("/v1/styles/mine").status_code == 200)
    _point(styles, server.log)
    fault = until(lambda: server.client.get("/readyz").json()["fault"])
    assert fault == "watching styles: Not a directory"
    assert any(line.get("task") == "watching styles" for line in server.lines())
    assert server.client.get("/v1/styles/mine").status_code == 200
    _point(styles, server.home / "second")
    until(lambda: server.client.get("/v1/styles/other").status_code == 200)
    assert server.client.get("/v1/styles/mine").status_code == 404
    until(lambda: server.client.get("/readyz").json()["fault"] is None)


def _point(link: Path, target: Path) -> None:
    """Let a link lead somewhere, in one step."""
    (link.parent / "link").symlink_to(target)
    (link.parent / "link").replace(link)


def test_a_server_has_the_styles_of_its_model(start: StartServer, tmp_path: Path) -> None:
    """The model's own styles are shown and painted; the user's count by the trunk they fit."""
    model = make_second_model(tmp_path / "second")
    server = start("--model", str(model.folder), token=TOKEN)
    server.client.headers.update(OWNER)
    listed = server.client.get("/v1/styles").json()["styles"]
    assert [(each["name"], each["bundled"]) for each in listed] == [("dots", True), ("udnie", True)]
    assert listed[1]["title"] == "The second udnie"
    photo = picture_file()
    painted = server.client.post("/v1/paint?style=udnie", content=photo, headers=PNG)
    expected = impasto.paint(pixels_of(photo), "udnie", model=model)
    assert np.abs(pixels_of(painted.content).astype(int) - expected).max() <= 1
    put(impasto.load_style("udnie"), server.home / "styles")
    put(replace(own_style(model, "dots"), title="Mine"), server.home / "styles")
    until(lambda: server.client.get("/v1/styles/dots").json()["title"] == "Mine")
    assert server.client.get("/v1/styles/udnie").json() == listed[1]
    assert server.client.delete("/v1/styles/udnie").status_code == 409
    assert server.client.delete("/v1/styles/dots").status_code == 204
    assert server.client.get("/v1/styles/dots").json() == listed[0]


def test_styles_are_replaced_under_load(start: StartServer) -> None:
    """200 requests while a style changes 10 times: none fails, each matches one version."""
    answers, versions, photo = _replaced_under_load(start, requests=200, changes=10)
    assert {answer.status_code for answer in answers} == {200}
    _check_versions(answers, versions, photo)


@pytest.mark.slow
def test_styles_are_replaced_under_heavy_load(start: StartServer) -> None:
    """2,000 requests while a style changes 50 times: none fails, each matches one version."""
    answers, versions, photo = _replaced_under_load(start, requests=2_000, changes=50)
    assert {answer.status_code for answer in answers} == {200}
    _check_versions(answers, versions, photo)


def _replaced_under_load(
    start: StartServer, requests: int, changes: int
) -> tuple[list[httpx.Response], list[Style], bytes]:
    """Answers that came while a style was replaced, its versions, and the photo that was sent."""
    server = start(queue="64", cache_bytes="0")
    mine = replace(impasto.load_style("scream"), name="mine")
    path = server.home / "styles" / "mine.safetensors"
    versions = [_bent(mine, number) for number in range(changes + 1)]
    write_style(versions[0], path)
    until(lambda: server.client.get("/v1/styles/mine").status_code == 200)
    photo = picture_file(64)
    answers: list[httpx.Response] = []

    def ask() -> None:
        while len(answers) < requests or not done.is_set():
            url = "/v1/paint?style=mine"
            answers.append(server.client.post(url, content=photo, headers=PNG))

    done = threading.Event()
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number, version in enumerate(versions[1:], start=1):
        until(lambda wanted=number: len(answers) >= requests * wanted / (changes + 1))
        write_style(version, path)
        until(partial(_is_named, answers, len(answers), _named(version)))
    done.set()
    for thread in threads:
        thread.join()
    return answers, versions, photo


def _check_versions(answers: list[httpx.Response], versions: list[Style], photo: bytes) -> None:
    """Each answer is the painting of the version that it names, and of no other."""
    paintings: dict[str, set[bytes]] = {}
    for answer in answers:
        paintings.setdefault(answer.headers["x-impasto-styles"], set()).add(answer.content)
    expected = {
        _named(style): impasto.Painter(style).paint(pixels_of(photo)).astype(int)
        for style in versions
    }
    assert paintings.keys() == expected.keys()
    for version, files in paintings.items():
        (painted,) = (pixels_of(file) for file in files)
        distances = {name: np.abs(painted - wanted).sum() for name, wanted in expected.items()}
        assert min(distances, key=lambda name: distances[name]) == version
        assert np.abs(painted - expected[version]).max() <= 1


def _named(style: Style) -> str:
    """What the header says of a version."""
    return f"mine@{hashlib.sha256(pack_style(style)).hexdigest()[:12]}"


def _is_named(answers: list[httpx.Response], first: int, version: str) -> bool:
    """Whether an answer from the first on names a version."""
    return any(answer.headers.get("x-impasto-styles") == version for answer in answers[first:])


def _bent(style: Style, number: int) -> Style:
    """The code of another style, and from round to round more of the one after it: none alike."""
    names = impasto.list_styles()
    codes = [impasto.load_style(each.name).code for each in names]
    turn, place = divmod(number, len(codes))
    share = turn / 8
    code = (1 - share) * codes[place] + share * codes[(place + 1) % len(codes)]
    return replace(style, code=code.astype(np.float16).astype(np.float32))  # as packages hold it
