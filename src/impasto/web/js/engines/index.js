/**
 * What paints: the server that the page came from, or the browser itself. Both are used alike:
 *
 * - `open()` gives `{about, styles}`; a style is `{name, title, artist, year, preview}`.
 * - `paint(photo, request, {signal, full})` gives `{bitmap, file}`; `file` is null where the bitmap
 *   is not a file yet. A request is `{layers, strength, reference, size, colors, format}`, a layer
 *   `{parts, mask}`.
 * - `previewSizes`: long sides of quick paintings, the largest first; `previewDetail`: for strokes
 *   of how many times these sizes they are painted at most.
 * - `convert(file)`, where it is there, turns pictures that browsers cannot read into PNG.
 * - `live()`, where it is there, opens a socket for camera frames.
 */

import { BrowserEngine } from "./browser.js";
import { ServerEngine } from "./server.js";

/** The engine that the page's head names; an exported page names the browser. */
export function chosenEngine() {
  const { content } = document.querySelector('meta[name="impasto-engine"]');
  return content === "browser" ? new BrowserEngine(document.baseURI) : new ServerEngine();
}
