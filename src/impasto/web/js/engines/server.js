/** The engine on the server that the page came from. */

import { t } from "../i18n.js";
import { formatSpec } from "../model/spec.js";
import { maskFile } from "../masks/file.js";
import { problem } from "../said.js";

const RETRIES = 3;
const DISPLAYED = new Set(["image/png", "image/webp"]);

/** @implements the engine that `engines/index.js` describes */
export class ServerEngine {
  constructor() {
    this.kind = "server";
    this.previewSizes = [640, 512, 384];
    this.previewDetail = 2;
  }

  async open() {
    const [about, { styles }] = await Promise.all([
      this.json("/v1/about"),
      this.json("/v1/styles"),
    ]);
    return { about, styles };
  }

  /** The styles as they are now; a new one may have come. */
  async styles() {
    return (await this.json("/v1/styles")).styles;
  }

  async paint(photo, request, { signal, full }) {
    const file = full ? photo.file : await photo.smallFile(request.size);
    const format = request.format ?? shownFormat(photo.file.type);
    const body = await formOf(file, { ...request, format, size: full ? null : request.size });
    const response = await this.ask("/v1/paint", { method: "POST", body, signal });
    const painted = await response.blob();
    return { file: painted, bitmap: await createImageBitmap(painted).catch(() => null) };
  }

  async convert(file) {
    const [style] = await this.styles();
    const body = await formOf(file, {
      layers: [{ parts: [[style.name, 1]], mask: null }],
      strength: 0,
      format: "png",
    });
    return (await this.ask("/v1/paint", { method: "POST", body })).blob();
  }

  live() {
    const address = new URL("/v1/live", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    return new WebSocket(address);
  }

  async json(path) {
    return (await this.ask(path)).json();
  }

  /** A request; a server that is full is asked again after the time that it names. */
  async ask(path, options = {}) {
    for (let attempt = 1; ; attempt += 1) {
      const response = await fetch(path, options).catch((error) => {
        throw error.name === "AbortError" ? error : new Error(t("error.offline"));
      });
      if (response.ok) return response;
      if (response.status !== 503 || attempt > RETRIES) throw await problemOf(response);
      await pause(Number(response.headers.get("Retry-After")) || 1, options.signal);
    }
  }
}

/** The error that an answer tells of (RFC 9457). */
export async function problemOf(response) {
  const { status, statusText } = response;
  const { detail, title } = await response.json().catch(() => ({}));
  return Object.assign(new Error(problem(status, detail || title || statusText)), { status });
}

async function formOf(file, request) {
  const { layers, strength, reference, size, colors, format } = request;
  const [base, ...regions] = layers;
  const form = new FormData();
  form.set("style", formatSpec(base.parts));
  form.set("strength", String(strength));
  const others = { stroke_reference: reference, size, colors, format };
  for (const [name, value] of Object.entries(others)) if (value) form.set(name, String(value));
  for (const { parts, mask } of regions) {
    form.append(`mask.${formatSpec(parts)}`, await maskFile(mask), "mask.png");
  }
  form.set("photo", file, "photo");
  return form;
}

/** A format that browsers show and that keeps what the photo's format kept. */
function shownFormat(type) {
  return DISPLAYED.has(type) ? type.slice("image/".length) : "jpeg";
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    setTimeout(resolve, 1000 * Math.min(seconds, 5));
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
