"""The page of a vote in a real browser: by keys, by mouse, by touch, and when something fails."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from impasto.bench.vote_server import VoteServer

from ..browser import chromium
from ..votes import save_votes_folder, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}
READY = "#vote:not([hidden]):not(.busy)"


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """One browser for all tests."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def server(tmp_path: Path) -> Iterator[VoteServer]:
    """Two methods, a style and three photos, so three comparisons and six ratings."""
    folder = save_votes_folder(tmp_path, ("alpha", "beta"), ("waves",), ("a", "b", "c"))
    with serving(folder) as server:
        yield server


@pytest.fixture
def page(browser: "Browser", server: VoteServer) -> Iterator["Page"]:
    """The first page; a message on the browser's console fails the test at its end."""
    yield from opened(browser, server)


@pytest.fixture
def phone(browser: "Browser", server: VoteServer) -> Iterator["Page"]:
    """The same on a phone."""
    yield from opened(browser, server, **PHONE)


def opened(browser: "Browser", server: VoteServer, **device: Any) -> Iterator["Page"]:
    """A page with an empty memory."""
    context = browser.new_context(**device)
    page = context.new_page()
    page.set_default_timeout(60_000)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(server.url)
    yield page
    context.close()
    assert [text for text in said if "Failed to load resource" not in text] == []


def begin(page: "Page", mode: str = "compare", name: str = "Ada") -> None:
    """Go from the first page to the first question."""
    page.get_by_label("Your name").fill(name)
    page.get_by_role("radio", name="Compare two" if mode == "compare" else "Rate one").check()
    page.get_by_role("button", name="Begin").click()
    page.wait_for_selector(READY)


def choices(server: VoteServer) -> list[str]:
    """What is on the disk."""
    return [answer.choice for answer in server.ballot.store.answers()]


def wait(page: "Page", count: str) -> None:
    """Wait until this is the count of questions, none for the end, and the page is ready."""
    if count:
        page.locator("#count").filter(has_text=count).wait_for()
        page.wait_for_selector(READY)
    else:
        page.get_by_role("heading", name="That was everything").wait_for()
        page.wait_for_selector("#vote:not(.busy)", state="attached")


def press(page: "Page", key: str, count: str) -> None:
    """Press a key and wait for the question that follows."""
    page.keyboard.press(key)
    wait(page, count)


def test_keys_alone(page: "Page", server: VoteServer) -> None:
    """A voter who never touches the mouse names herself, compares, undoes and comes to the end."""
    page.keyboard.type("Ada")
    page.keyboard.press("Enter")
    page.wait_for_selector(READY)
    press(page, "ArrowLeft", "2 of 3")
    press(page, "ArrowRight", "3 of 3")
    press(page, "z", "2 of 3")
    assert choices(server) == ["left"]
    press(page, "ArrowDown", "3 of 3")
    press(page, "b", "")
    assert choices(server) == ["left", "tie", "right"]
    press(page, "Backspace", "3 of 3")
    assert choices(server) == ["left", "tie"]


def test_what_stands_left_is_what_was_drawn_left(page: "Page", server: VoteServer) -> None:
    """A click on painting A is kept for the method whose picture it is."""
    begin(page)
    (draw, _) = server.ballot.store.open_draws(1, "compare")
    painting = server.ballot.pictures.paintings[draw.style, draw.photo][draw.left]
    assert page.locator("#a").get_attribute("src") == f"{server.url}picture/{painting.id}"
    page.get_by_role("button", name="Painting A is better").click()
    page.locator("#count").filter(has_text="2 of 3").wait_for()
    assert choices(server) == ["left"]
    assert server.ballot.store.answers()[0].draw == draw


def test_the_page_names_nothing(page: "Page") -> None:
    """Nowhere on the page, its labels and addresses included, is a method, style or photo named."""
    begin(page)
    content = page.content()
    for name in ("alpha", "beta", "waves"):
        assert name not in content


def test_ratings_by_touch_on_a_phone(phone: "Page", server: VoteServer) -> None:
    """On a phone all of a question fits the window, and a tap answers; so does the next."""
    begin(phone, "rate")
    for number, stars in enumerate(("1 poor", "4", "5 excellent"), 2):
        button = phone.get_by_role("button", name=stars, exact=True)
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
        button.tap()
        phone.locator("#count").filter(has_text=f"{number} of 6").wait_for()
        phone.wait_for_selector(READY)
    assert choices(server) == ["1", "4", "5"]
    assert phone.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_paintings_are_equally_large_and_seen_whole(phone: "Page") -> None:
    """Both paintings fill the same room, in their own proportions, and neither covers anything."""
    begin(phone)
    a, b = (phone.locator(id).bounding_box() for id in ("#a", "#b"))
    assert a is not None
    assert b is not None
    assert (a["width"], a["height"]) == (b["width"], b["height"])
    assert a["width"] / a["height"] == pytest.approx(1.5, rel=0.02)
    assert a["y"] + a["height"] <= b["y"]
    assert b["y"] + b["height"] <= 844


def test_the_next_question_is_loaded_before_it_is_asked(page: "Page") -> None:
    """When a question is shown, the pictures of the next one have been fetched, too."""
    fetched: list[str] = []
    page.on("requestfinished", lambda request: fetched.append(request.url))
    with page.expect_response("**/api/next") as told:
        begin(page)
    questions = told.value.json()["questions"]
    page.wait_for_load_state("networkidle")
    wanted = {id for q in questions for id in (q["photo"], q["style"], *q["paintings"])}
    assert wanted == {url.rpartition("/")[2] for url in fetched if "/picture/" in url}


def test_who_comes_back_goes_on(page: "Page", server: VoteServer) -> None:
    """After a reload the name is filled in and the same question is asked, sides and all."""
    begin(page)
    press(page, "ArrowRight", "2 of 3")
    before = page.locator("#a").get_attribute("src")
    page.reload()
    assert page.get_by_label("Your name").input_value() == "Ada"
    page.get_by_role("button", name="Begin").click()
    page.wait_for_selector(READY)
    assert page.locator("#a").get_attribute("src") == before
    assert page.locator("#count").inner_text() == "2 of 3"


def test_an_answer_that_cannot_be_kept_is_told(page: "Page", server: VoteServer) -> None:
    """Without an answer of the server the question stays; trying again keeps one answer."""
    begin(page)
    page.context.set_offline(True)
    page.keyboard.press("ArrowLeft")
    alert = page.get_by_role("alert")
    alert.filter(has_text="does not answer").wait_for()
    assert page.locator("#count").inner_text() == "1 of 3"
    page.context.set_offline(False)
    press(page, "ArrowLeft", "2 of 3")
    assert choices(server) == ["left"]
    assert alert.inner_text() == ""


def test_a_broken_picture_can_only_be_skipped(page: "Page", server: VoteServer) -> None:
    """Nobody can vote on a picture that is not seen: it is told, and skipped on a click."""
    broken = server.ballot.pictures.paintings["waves", "b"]["beta"].path
    broken.write_bytes(broken.read_bytes()[:8] + b"no picture")
    begin(page)
    skip = page.get_by_role("button", name="Skip this one")
    for answered in range(3):
        is_broken = skip.is_visible()  # asked now: a key may lead to the next question at once
        page.keyboard.press("ArrowLeft")
        if is_broken:
            page.wait_for_selector(READY)
            assert len(choices(server)) == answered
            assert "cannot be shown" in page.get_by_role("alert").inner_text()
            skip.click()
        wait(page, f"{answered + 2} of 3" if answered < 2 else "")
    assert sorted(choices(server)) == ["left", "left", "skip"]


def test_everything_has_a_name(page: "Page") -> None:
    """Each picture, button and field has a name that a screen reader says, and one is a heading."""
    begin(page)
    for button in page.get_by_role("button").all():
        assert button.get_attribute("aria-label") or button.inner_text().strip()
    assert page.get_by_role("img", name="The photo").is_visible()
    assert page.get_by_role("img", name="A picture of the style").is_visible()
    assert page.get_by_role("progressbar", name="1 of 3").is_visible()
    heading = page.get_by_role("heading", name="Which is the better painting")
    assert heading.evaluate("element => element === document.activeElement")
