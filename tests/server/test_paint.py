"""`POST /v1/paint`, called as applications call it."""

import threading
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.media.image import read_record

from .conftest import Running, StartServer, picture_file, pixels_of

PNG = {"content-type": "image/png"}


def test_a_raw_photo_comes_back_as_python_paints_it(server: Running) -> None:
    """The server's painting is that of `impasto.paint`, to the rounding of the engine's streams."""
    photo = picture_file(40)
    answer = server.client.post("/v1/paint?style=scream", content=photo, headers=PNG)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    expected = impasto.paint(pixels_of(photo), "scream")
    difference = np.abs(pixels_of(answer.content).astype(int) - expected)
    assert difference.max() <= 1


def test_a_form_takes_the_same_settings(server: Running) -> None:
    """The file `photo` and fields give the same painting as a raw body with a query."""
    photo = picture_file(24, seed=1)
    settings = {"style": "udnie:1,scream:2", "strength": "0.5", "colors": "content", "size": "12"}
    form = server.client.post("/v1/paint", files={"photo": ("../../x", photo)}, data=settings)
    raw = server.client.post("/v1/paint", params=settings, content=photo, headers=PNG)
    assert form.status_code == raw.status_code == 200
    assert form.content == raw.content
    assert pixels_of(form.content).shape == (12, 12, 3)


@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "avif", "tiff"])
def test_each_format_can_be_asked_for(server: Running, format: str) -> None:
    """The result is of the format that was asked for, and records how it was painted."""
    query = {"style": "scream", "format": format, "quality": 50}
    answer = server.client.post("/v1/paint", params=query, content=picture_file(), headers=PNG)
    assert answer.headers["content-type"] == f"image/{format}"
    with Image.open(BytesIO(answer.content)) as image:
        assert image.format == format.upper()
    assert (read_record(answer.content) or {})["style"] == "scream"


def test_the_photo_s_format_is_the_default(server: Running) -> None:
    """A WebP comes back as a WebP whatever the body says it is."""
    headers = {"content-type": "application/octet-stream"}
    photo = picture_file(format="WEBP")
    answer = server.client.post("/v1/paint?style=scream", content=photo, headers=headers)
    assert answer.headers["content-type"] == "image/webp"


def test_the_answer_names_version_and_stages(server: Running) -> None:
    """Headers tell which package painted, how long each stage took, and the request's id."""
    headers = {**PNG, "x-request-id": "my-id_1"}
    query = {"style": "scream:1,udnie:3"}
    answer = server.client.post(
        "/v1/paint", params=query, content=picture_file(seed=2), headers=headers
    )
    versions = {each["name"]: each["version"] for each in _styles(server)}
    expected = f"scream@{versions['scream']}, udnie@{versions['udnie']}"
    assert answer.headers["x-impasto-styles"] == expected
    assert len(versions["scream"]) == 12
    stages = [part.split(";")[0] for part in answer.headers["server-timing"].split(", ")]
    assert stages == ["decode", "measure", "paint", "encode"]
    assert answer.headers["x-request-id"] == "my-id_1"


def _styles(server: Running) -> list[dict[str, str]]:
    found: list[dict[str, str]] = server.client.get("/v1/styles").json()["styles"]
    return found


def test_the_same_request_is_not_painted_twice(server: Running) -> None:
    """The second answer comes from the cache, and a client that has it gets 304."""
    photo = picture_file(seed=3)
    first, second = (
        server.client.post("/v1/paint?style=scream", content=photo, headers=PNG) for _ in range(2)
    )
    assert second.content == first.content
    assert "cache" in second.headers["server-timing"]
    known = {**PNG, "if-none-match": first.headers["etag"]}
    third = server.client.post("/v1/paint?style=scream", content=photo, headers=known)
    assert (third.status_code, third.content) == (304, b"")
    assert third.headers["etag"] == first.headers["etag"]
    other = server.client.post("/v1/paint?style=scream&strength=0.5", content=photo, headers=known)
    assert other.status_code == 200
    assert other.headers["etag"] != first.headers["etag"]


def test_requests_at_once_are_painted_once(server: Running) -> None:
    """Equal requests that come while the first is painted wait for it."""
    photo = picture_file(300, seed=4)
    answers = []

    def ask() -> None:
        answers.append(server.client.post("/v1/paint?style=udnie", content=photo, headers=PNG))

    before = server.number("pixels_total")
    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert server.number("pixels_total") - before == 300 * 300


def test_regions_are_painted_where_their_masks_are_white(server: Running) -> None:
    """The left half is the one style and the right half the other, as Python paints them."""
    photo = picture_file(64, seed=5)
    mask = np.zeros((64, 64), np.uint8)
    mask[:, 32:] = 255
    stream = BytesIO()
    Image.fromarray(mask).save(stream, "PNG")
    files = {"photo": photo, "mask.udnie": stream.getvalue()}
    answer = server.client.post("/v1/paint", files=files, data={"style": "scream"})
    assert answer.status_code == 200, answer.text
    painter = impasto.Painter("scream", masks={"udnie": mask})
    expected = painter.paint(pixels_of(photo))
    assert np.abs(pixels_of(answer.content).astype(int) - expected).max() <= 1
    assert answer.headers["x-impasto-styles"].count("@") == 2


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("style=screan", "did you mean scream"),
        ("style=../../etc/passwd", "is no style name"),
        ("style=scream&strength=2", "strength"),
        ("style=scream&colours=content", "colours"),
        ("style=scream&size=0", "size"),
        ("style=scream&stroke_reference=1", "stroke_reference"),
        ("style=scream&format=gif", "format"),
        ("strength=1", "style"),
        ("style=scream&style=udnie", "'style' is given 2 times"),
        ("style=scream&feather=8", "feather softens the edges of masks"),
    ],
)
def test_bad_settings_are_named(server: Running, query: str, words: str) -> None:
    """A problem of RFC 9457 names the setting that is wrong."""
    answer = server.client.post(f"/v1/paint?{query}", content=picture_file(), headers=PNG)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem.keys() == {"type", "title", "status", "detail"}
    assert problem["status"] == 422
    assert words in problem["detail"]


def test_strokes_do_not_enlarge_beyond_the_limit(start: StartServer) -> None:
    """A tiny photo is enlarged for its strokes no further than a photo may be large."""
    server = start(max_pixels="300000")
    for reference, status in ((512, 200), (16_384, 422)):
        query = f"style=scream&stroke_reference={reference}"
        answer = server.client.post(f"/v1/paint?{query}", content=picture_file(16), headers=PNG)
        assert answer.status_code == status, answer.text
    assert "stroke reference is 16384" in answer.json()["detail"]


def test_other_bodies_are_refused(server: Running) -> None:
    """What is no photo by its type, no form, or a form that is ambiguous, is a 4xx that says so."""
    client = server.client
    text = client.post("/v1/paint?style=scream", content=b"{}")
    assert text.status_code == 415
    empty = client.post("/v1/paint?style=scream", content=b"", headers=PNG)
    assert (empty.status_code, "empty" in empty.json()["detail"]) == (422, True)
    without = client.post("/v1/paint", files={"other": picture_file()}, data={"style": "scream"})
    assert (without.status_code, "`photo`" in without.json()["detail"]) == (422, True)
    for settings, files, words in (
        ({"style": ["scream", "udnie"]}, ["photo"], "'style' is given 2 times"),
        ({"style": "scream"}, ["photo", "photo"], "2 files `photo`"),
        ({"style": "scream", "feather": "8"}, ["photo"], "softens the edges of masks"),
    ):
        sent = [(name, picture_file()) for name in files]
        odd = client.post("/v1/paint", files=sent, data=settings)
        assert (odd.status_code, words in odd.json()["detail"]) == (422, True)
    broken = {"content-type": "multipart/form-data; boundary=x"}
    form = client.post("/v1/paint", content=b"--y\r\n", headers=broken)
    assert form.status_code == 400
