/** What the page tells: one line that screen readers read out too, and a bar while it works. */

import { byId } from "./dom.js";

/** Show a message. */
export function tell(message, { isError = false } = {}) {
  const line = byId("status");
  line.textContent = message;
  line.classList.toggle("is-error", isError);
}

/** Show that something went wrong. */
export const complain = (message) => tell(message, { isError: true });

/** Show whether the page is at work. */
export function setBusy(isBusy) {
  byId("busy").hidden = !isBusy;
}
