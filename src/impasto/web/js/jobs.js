/** Jobs on the server: sent with progress, followed, cancelled, and found again after a reload. */

import { icon, make, memory } from "./dom.js";
import { problemOf } from "./engines/server.js";
import { onLanguage, t } from "./i18n.js";
import { said } from "./said.js";

const ENDED = new Set(["done", "failed", "cancelled"]);

/**
 * A list of jobs of one kind on the page.
 *
 * It remembers the addresses of its jobs in the browser, so that they are there after a reload.
 */
export class JobList {
  /**
   * @param {string} kind names what is remembered
   * @param {HTMLElement} element the list
   * @param {(job: Object, name: string) => (HTMLElement|null)[]} result what a job
   *   shows of its result
   */
  constructor(kind, element, result) {
    this.kind = kind;
    this.element = element;
    this.result = result;
    this.cards = new Set();
    for (const { url, name } of this.remembered()) this.follow(url, name);
    onLanguage(() => this.cards.forEach((card) => card.show()));
  }

  /** Send a form to an address that starts a job, and follow the job. */
  async send(address, form, name) {
    const card = this.add(name);
    try {
      const { url } = await upload(address, form, card);
      this.remember([...this.remembered(), { url, name }]);
      card.follow(url);
    } catch (error) {
      card.remove();
      throw error;
    }
  }

  follow(url, name) {
    this.add(name).follow(url);
  }

  add(name) {
    const card = new JobCard(name, this.result, () => this.drop(card));
    this.cards.add(card);
    this.element.prepend(card.element);
    return card;
  }

  drop(card) {
    this.cards.delete(card);
    this.remember(this.remembered().filter(({ url }) => url !== card.url));
  }

  remembered() {
    return JSON.parse(memory.get(`jobs.${this.kind}`) ?? "[]");
  }

  remember(jobs) {
    memory.set(`jobs.${this.kind}`, jobs.length ? JSON.stringify(jobs) : null);
  }
}

/** A line with a link to the result of a job. */
export function downloadOf(result) {
  return make("p", {}, make("a", { href: result, download: "", textContent: t("download") }));
}

class JobCard {
  constructor(name, result, dropped) {
    Object.assign(this, { name, result, dropped, url: null, upload: null });
    this.job = { state: "uploading", progress: 0, message: "" };
    this.bar = make("progress", { max: 1, value: 0 });
    this.note = make("p", { class: "job-note" });
    this.body = make("div", { class: "job-body" });
    this.button = make("button", { class: "quiet", onclick: () => this.end() });
    const head = make(
      "div",
      { class: "job-head" },
      make("span", { class: "job-name", textContent: name }),
      this.button,
    );
    this.element = make("li", { class: "job" }, head, this.bar, this.note, this.body);
    this.show();
  }

  follow(url) {
    this.url = url;
    this.update({ ...this.job, state: "queued", progress: 0 });
    this.events = new EventSource(`${url}/events`);
    this.events.onmessage = ({ data }) => this.update(JSON.parse(data));
    this.events.onerror = async () => {
      const response = await fetch(url).catch(() => null);
      if (response?.status === 404)
        this.remove(); // the server has forgotten it
      else if (response?.ok) this.update(await response.json());
    };
  }

  update(job) {
    const hasMoved = ["state", "preview", "result"].some((key) => job[key] !== this.job[key]);
    this.job = job;
    if (ENDED.has(job.state)) this.events?.close();
    if (hasMoved) this.body.replaceChildren(...this.result(job, this.name).filter(Boolean));
    this.show();
  }

  show() {
    const { state, progress, message } = this.job;
    const hasEnded = ENDED.has(state);
    this.bar.hidden = hasEnded;
    this.bar.value = progress;
    this.bar.setAttribute("aria-label", t("job.progress", { name: this.name }));
    const share = hasEnded ? "" : ` ${Math.round(100 * progress)}%`;
    const details = ["done", "cancelled"].includes(state) ? "" : said(message);
    this.note.textContent = [`${t(`job.${state}`)}${share}`, details].filter(Boolean).join(" · ");
    this.element.classList.toggle("is-failed", state === "failed");
    this.element.dataset.state = state;
    this.button.replaceChildren(hasEnded ? icon("close") : t("job.cancel"));
    if (hasEnded) this.button.setAttribute("aria-label", t("job.remove"));
  }

  /** Cancel what goes on, remove what has ended. */
  async end() {
    if (ENDED.has(this.job.state)) this.remove();
    else if (this.upload) this.upload.abort();
    else await fetch(this.url, { method: "DELETE" });
  }

  remove() {
    this.events?.close();
    this.element.remove();
    this.dropped();
  }
}

/** Send a form; `fetch` does not tell how far an upload is, XMLHttpRequest does. */
function upload(address, form, card) {
  const request = new XMLHttpRequest();
  card.upload = request;
  return new Promise((resolve, reject) => {
    request.open("POST", address);
    request.upload.onprogress = ({ loaded, total }) => {
      card.update({ state: "uploading", progress: total ? loaded / total : 0, message: "" });
    };
    request.onload = async () => {
      if (request.status === 202) resolve(JSON.parse(request.responseText));
      else
        reject(
          await problemOf(new Response(request.responseText || "{}", { status: request.status })),
        );
    };
    request.onerror = () => reject(new Error(t("error.offline")));
    request.onabort = () => reject(new DOMException(t("job.cancelled"), "AbortError"));
    request.send(form);
  }).finally(() => (card.upload = null));
}
