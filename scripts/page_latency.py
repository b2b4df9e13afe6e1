"""Times how fast the page answers to a slider: `impasto serve` must run, and Chromium be installed.

Call it as `python scripts/page_latency.py http://127.0.0.1:8000/`; an exported page works too.
Prints the milliseconds from a move of the strength slider to the small painting on the screen.
"""

import json
import statistics
import sys

from page_browser import chromium, open_sample

WARM_UP, MOVES = 10, 40
_MOVE = """(value) => new Promise((resolve) => {
  const [slider, viewer] = ["strength", "viewer"].map((id) => document.getElementById(id));
  const started = performance.now();
  new MutationObserver((_, observer) => {
    observer.disconnect();
    requestAnimationFrame(() => resolve(performance.now() - started));
  }).observe(viewer, { attributeFilter: ["data-version"] });
  slider.value = value;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
})"""


def main(address: str) -> None:
    """Move the slider, time each answer, and print the median and the 95th percentile."""
    with chromium() as browser:
        page = browser.new_page()
        open_sample(page, address)
        taken = [page.evaluate(_MOVE, 20 + move % 70) for move in range(WARM_UP + MOVES)][WARM_UP:]
    cuts = statistics.quantiles(taken, n=20)
    print(json.dumps({"median_ms": round(statistics.median(taken)), "p95_ms": round(cuts[-1])}))


if __name__ == "__main__":
    main(sys.argv[1])
