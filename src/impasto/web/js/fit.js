/** A style of one's own: pictures are sent to the server, which learns their style as a job. */

import { byId, make } from "./dom.js";
import { onSend, tellMissing } from "./forms.js";
import { t } from "./i18n.js";
import { downloadOf, JobList } from "./jobs.js";
import { checkBytes } from "./limits.js";
import { openTab } from "./tabs.js";
import { choose, update } from "./store.js";

const MISSING = 501;
const PIP = /pip install [^\n`]+/;

/** Let the form work; `about` says whether the server can learn. */
export function startFit(engine, about) {
  const jobs = new JobList("fit", byId("fit-jobs"), (job, title) => resultOf(engine, job, title));
  const missing = (command) => tellMissing(byId("fit-missing"), "fit.missing", command);
  if (!about.train) missing("pip install 'impasto[train]'");
  const { pictures, minutes } = byId("fit-form").elements;
  bound(minutes, about.limits.max_fit_minutes);
  pictures.onchange = ({ target }) => showThumbs(target.files);
  onSend(byId("fit-form"), async (form) => {
    checkPictures(form.getAll("pictures"));
    const title = form.get("title").trim();
    form.set("name", nameOf(title));
    try {
      await jobs.send("/v1/fits", form, title);
    } catch (error) {
      if (error.status !== MISSING) throw error;
      missing(PIP.exec(error.message)?.[0] ?? error.message);
    }
  });
}

/** Let a field of minutes take what the server does. */
function bound(field, most) {
  field.max = most;
  field.min = Math.min(field.min, most);
  field.value = Math.min(field.value, most);
}

function checkPictures(files) {
  for (const { name, size } of files) checkBytes(name, size, "max_bytes");
  const total = files.reduce((sum, { size }) => sum + size, 0);
  checkBytes(t("fit.all", { count: files.length }), total, "max_video_bytes");
}

/** A style name made of a title. */
export function nameOf(title) {
  const plain = title
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-");
  const name = plain.replace(/^-+|-+$/g, "").slice(0, 64);
  return name || `style-${checksum(title)}`;
}

/** For titles without a letter of a to z; the same title is always the same style. */
function checksum(text) {
  return [...text]
    .reduce((sum, char) => (sum * 31 + char.codePointAt(0)) % 2 ** 31, 7)
    .toString(36);
}

function showThumbs(files) {
  const pictures = [...files].map((file) => {
    const src = URL.createObjectURL(file);
    return make(
      "li",
      {},
      make("img", { src, alt: file.name, onload: () => URL.revokeObjectURL(src) }),
    );
  });
  byId("fit-thumbs").replaceChildren(...pictures);
}

function resultOf(engine, { state, preview, result }, title) {
  const picture = preview
    ? make("img", { class: "job-picture", alt: t("fit.preview"), src: preview })
    : null;
  if (state !== "done") return [picture, result ? downloadOf(result) : null];
  const open = async () => {
    const styles = await engine.styles();
    update({ styles });
    if (styles.some(({ name }) => name === nameOf(title))) choose(nameOf(title));
    openTab("tab-photo");
  };
  return [picture, make("button", { class: "primary", textContent: t("job.open"), onclick: open })];
}
