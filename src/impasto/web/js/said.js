/** What the server says, in the page's words; what they leave open follows in the server's own. */

import { t } from "./i18n.js";

/** Sentences that it says of jobs and errors, by what is sure in them. */
const SENTENCES = [
  ["busy", /^all painters are busy/],
  ["jobs", /^too many jobs wait/],
  ["ending", /^the server (is shutting|starts or shuts) down/],
  ["slow", /^not painted within (?<seconds>\S+) s/],
  ["style", /^no style '(?<name>[^']+)'/],
  ["taken", /^there is a style '(?<name>[^']+)'/],
  ["taken", /^a style '(?<name>[^']+)' is being learned/],
  ["picture", /^(the photo|the frame|picture \d+) is not a \w+,.* picture$/],
  ["unread", /^cannot read (the photo|the frame|picture \d+|input): (?<reason>.+)/],
  ["idle", /^no frame has come for (?<seconds>\d+) s/],
  ["frames", /^(?<count>\d+) frames painted$/],
  ["step", /^(?<left>\d+:\d\d) left +step (?<step>\d+): (?<losses>.+)/],
  ["later", /^goes on when the server does$/],
  ["wrong", /^something went wrong/],
];

/** Statuses of errors that the page has a word for. */
const STATUSES = new Set([401, 403, 404, 408, 409, 413, 415, 421, 422, 500, 501, 503, 504, 507]);

/** A sentence of the server; one that is not known stays as it is. */
export const said = (text) => known(text) ?? text;

/** What an error is: its own sentence, or what its status means with the server's words behind. */
export function problem(status, detail) {
  return known(detail) ?? (STATUSES.has(status) ? t(`problem.${status}`, { detail }) : detail);
}

function known(text) {
  for (const [name, pattern] of SENTENCES) {
    const found = pattern.exec(text);
    if (found) return t(`said.${name}`, found.groups);
  }
  return null;
}
