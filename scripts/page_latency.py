"""Times how fast the page answers to a slider: `impasto serve` must run, and Chromium be installed.

Call it as `python scripts/page_latency.py http://127.0.0.1:8000/ [PHOTO]`; an exported page works
too. Without a photo it takes the page's sample. Prints the milliseconds from a move of a slider to
the small painting on the screen: of strength; of stroke, one step from where everything has
rested for a second, which was painted ahead (`rested`); and of the steps that follow at once
(`moving`). Each style is a new painting, for a server keeps what it has painted.
"""

import json
import statistics
import sys

from page_browser import chromium, open_sample
from playwright.sync_api import Page

WARM_UP, MOVES = 10, 40
REST_MS = 1000
MIDDLE = 3
_MOVE = """([name, value]) => new Promise((resolve) => {
  const [slider, viewer] = [name, "viewer"].map((id) => document.getElementById(id));
  const started = performance.now();
  new MutationObserver((_, observer) => {
    observer.disconnect();
    requestAnimationFrame(() => resolve(performance.now() - started));
  }).observe(viewer, { attributeFilter: ["data-version"] });
  slider.value = value;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
})"""
_STYLES = "() => [...document.querySelectorAll('[data-style]')].map((one) => one.dataset.style)"


def main(address: str, *photo: str) -> None:
    """Move the sliders, time each answer, and print medians and 95th percentiles."""
    with chromium() as browser:
        page = browser.new_page()
        open_sample(page, address)
        for path in photo:
            page.set_input_files("#file", path)
            rest(page)
        strength = [moved(page, "strength", 20 + move % 70) for move in range(WARM_UP + MOVES)]
        rested, moving = stroke_times(page)
    times = {"strength": strength[WARM_UP:], "stroke_rested": rested, "stroke_moving": moving}
    print(json.dumps({name: summary(taken) for name, taken in times.items()}))


def stroke_times(page: Page) -> tuple[list[float], list[float]]:
    """In each style from the middle to one end: the first step, and the others."""
    rested, moving = [], []
    for number, style in enumerate(page.evaluate(_STYLES)):
        if style == "photo":
            continue
        moved(page, "stroke", MIDDLE)
        page.click(f"[data-style={style}]")
        rest(page)
        step = 1 if number % 2 else -1
        first, *others = (moved(page, "stroke", MIDDLE + step * each) for each in (1, 2, 3))
        rested.append(first)
        moving.extend(others)
    return rested, moving


def moved(page: Page, slider: str, value: int) -> float:
    """Move a slider; the milliseconds until something else is shown."""
    taken: float = page.evaluate(_MOVE, [slider, value])
    return taken


def rest(page: Page) -> None:
    """Wait for the full painting, and for what is painted ahead behind it."""
    page.wait_for_timeout(300)
    page.wait_for_selector("#viewer[data-painted=full]")
    page.wait_for_timeout(REST_MS)


def summary(taken: list[float]) -> dict[str, int]:
    """Median and 95th percentile."""
    cuts = statistics.quantiles(taken, n=20)
    return {"median_ms": round(statistics.median(taken)), "p95_ms": round(cuts[-1])}


if __name__ == "__main__":
    main(*sys.argv[1:])
