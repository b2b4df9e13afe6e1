/** The page's words: a table a language; elements name their message in data-text or data-label. */

import { memory } from "./dom.js";
import en from "./messages/en.js";
import zh from "./messages/zh.js";

const TABLES = { en, "zh-CN": zh };
const listeners = new Set();

let language = chosen();

/** The language in use: a key of the tables. */
export const currentLanguage = () => language;

/** A message, with `{name}` replaced by values. */
export function t(key, values = {}) {
  return TABLES[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Call back whenever the language has changed. */
export const onLanguage = (listener) => listeners.add(listener);

/** Change the language of the whole page, and remember it. */
export function setLanguage(next) {
  language = next;
  memory.set("language", next);
  translatePage();
  listeners.forEach((listener) => listener());
}

/** Put the words into every element that names some. */
export function translatePage() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = t(element.dataset.text);
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", t(element.dataset.label));
    if (element.matches("button")) element.title = t(element.dataset.label);
  }
}

function chosen() {
  const kept = memory.get("language");
  if (kept in TABLES) return kept;
  const first = navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag)) ?? "en";
  return /^zh/i.test(first) ? "zh-CN" : "en";
}
