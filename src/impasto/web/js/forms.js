/** What the forms of the quieter pages share. */

import { make } from "./dom.js";
import { onLanguage, t } from "./i18n.js";

/** Run a form's work when it is sent; what goes wrong is told below it. */
export function onSend(form, work) {
  const line = form.querySelector(".error");
  form.onsubmit = async (event) => {
    event.preventDefault();
    line.hidden = true;
    try {
      await work(new FormData(form));
    } catch (error) {
      if (error.name === "AbortError") return;
      line.textContent = error.message;
      line.hidden = false;
    }
  };
}

/** Say above a form what the server lacks, and the command that installs it. */
export function tellMissing(notice, key, command) {
  const show = () => notice.replaceChildren(t(key), " ", make("code", { textContent: command }));
  if (notice.hidden) onLanguage(show);
  notice.hidden = false;
  show();
}
