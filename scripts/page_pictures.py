"""Takes the pictures of the page in docs/: `impasto serve` must run, and Chromium be installed.

Call it as `python scripts/page_pictures.py http://127.0.0.1:8000/`. It takes none without a font
for Chinese, which `apt-get install fonts-wqy-microhei` brings.
"""

import io
import sys
from pathlib import Path

from page_browser import chromium, open_sample
from PIL import Image
from playwright.sync_api import Browser, Page

DOCS = Path(__file__).resolve().parents[1] / "docs"
DESK = {"width": 1360, "height": 890}
PHONE = {"width": 390, "height": 844}

# Without a font each character is the same box.
_DRAWN = """() => {
  const [one, other] = ["中", "文"].map((character) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 40 });
    const pen = canvas.getContext("2d");
    pen.font = "30px sans-serif";
    pen.fillText(character, 4, 32);
    return canvas.toDataURL();
  });
  return one !== other;
}"""


def main(address: str) -> None:
    """Take all of them."""
    with chromium() as browser:
        if not browser.new_page().evaluate(_DRAWN):
            sys.exit("no font has Chinese characters here: apt-get install fonts-wqy-microhei")
        take_desktop(browser, address)
        take_dark(browser, address)
        take_phone(browser, address)


def take_desktop(browser: Browser, address: str) -> None:
    """A mix of two styles with its pad, half photo and half painting."""
    page = opened(browser, address, viewport=DESK, locale="en-GB")
    page.click("#mix-on")
    page.click("[data-style=great-wave]")
    page.click("#compare")
    page.eval_on_selector(".panel-body", "one => one.scrollTo(0, one.scrollHeight)")
    save(page, "web-desktop.jpg")


def take_dark(browser: Browser, address: str) -> None:
    """The cup in a style of its own."""
    page = opened(browser, address, viewport=DESK, locale="en-GB", color_scheme="dark")
    page.click("[data-region=add]")
    page.click("[data-style=starry-night]")
    page.fill("#brush-size", "24")
    box = "one => { const { x, y, width } = one.getBoundingClientRect(); return [x, y, width]; }"
    left, top, width = page.eval_on_selector("#frame", box)
    page.mouse.move(left + 0.44 * width, top + 0.2 * width)
    page.mouse.down()
    for across, down in [(0.6, 0.2), (0.6, 0.3), (0.46, 0.28), (0.52, 0.38)]:
        page.mouse.move(left + across * width, top + down * width, steps=6)
    page.mouse.up()
    save(page, "web-dark.jpg")


def take_phone(browser: Browser, address: str) -> None:
    """On a phone, in Chinese."""
    phone = {"viewport": PHONE, "is_mobile": True, "has_touch": True, "locale": "zh-CN"}
    page = opened(browser, address, **phone)
    page.click("[data-style=water-lilies]")
    save(page, "web-phone.jpg")


def opened(browser: Browser, address: str, **options: object) -> Page:
    """The page with the sample on it."""
    page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
    open_sample(page, address)
    return page


def save(page: Page, name: str) -> None:
    """Wait for the full painting, and write the picture of the page."""
    page.wait_for_timeout(300)
    page.wait_for_function("() => document.querySelector('#busy').hidden")
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").save(DOCS / name, quality=84, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1])
