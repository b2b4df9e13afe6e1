/**
 * The worker that paints in the browser: it loads the model once, keeps one photo, and answers
 * one request after the other. Messages in and out carry the `id` of their request.
 */

import { readPackage } from "../model/package.js";
import { Painter } from "../model/painter.js";
import { alphaOf, rgbaOf, rgbOf } from "../model/pixels.js";
import { chosenDevice, openRuntime } from "./runtime.js";

const WEIGHTS = "weights.safetensors";
const PHOTO = "photo";

let page = null;
let device = null;
let painter = null;
const styles = new Map();
let photo = null;

const answers = {
  /** Load the model and all styles below a folder. */
  async open({ base, threads, compute }) {
    page = { base, threads, insists: compute === "gpu" };
    device = await chosenDevice(compute);
    await orOnTheCpu(async () => {
      painter ??= await openPainter();
    });
    await addStyles(new URL("styles/", base));
    return { device, styles: [...styles.values()].map(({ code, trunkId, ...shown }) => shown) };
  },

  /** Keep the photo that the next requests paint. */
  async photo({ width, height, data }) {
    const rgba = { data: new Uint8ClampedArray(data), width, height };
    photo = { rgb: rgbOf(rgba), alpha: alphaOf(rgba) };
    return {};
  },

  /** Paint the kept photo. */
  async paint({ layers, strength, reference }) {
    const { rgb, alpha } = photo;
    const settings = { layers: layers.map(resolved), strength, reference };
    const painted = await orOnTheCpu(() => painter.paint(rgb, alpha, settings));
    const { width, height } = rgb;
    return { width, height, data: rgbaOf(painted, alpha) };
  },
};

self.onmessage = async ({ data: { id, kind, ...request } }) => {
  try {
    const answer = await answers[kind](request);
    self.postMessage({ id, answer }, answer.data ? [answer.data.buffer] : []);
  } catch (error) {
    self.postMessage({ id, error: String(error?.message ?? error) });
  }
};

/** Do something, and again on the CPU where a GPU that nobody insists on fails or is lost. */
async function orOnTheCpu(action) {
  try {
    return await action();
  } catch (error) {
    if (device === "cpu" || page.insists) throw error;
    console.warn(`painting on the CPU: the GPU failed (${error?.message ?? error})`);
    device = "cpu";
    painter = await openPainter();
    return action();
  }
}

/** Load the model for the device. */
async function openPainter() {
  const folder = new URL("model/", page.base);
  const runtime = await openRuntime(device, page.base, page.threads);
  const manifest = await (await found(new URL("manifest.json", folder))).json();
  const weights = await (await found(new URL(WEIGHTS, folder))).arrayBuffer();
  const graphs = {};
  for (const name of graphsOf(manifest)) {
    graphs[name] = await (await found(new URL(`${name}.onnx`, folder))).arrayBuffer();
  }
  // Each takes memory for weights of its own, and many photos need only some of them.
  const sessions = {};
  const session = async (name) => {
    const files = [{ path: WEIGHTS, data: new Uint8Array(weights) }];
    sessions[name] ??= await runtime.open(new Uint8Array(graphs[name]), files);
    return sessions[name];
  };
  await session(Object.keys(graphs)[0]); // a device that fails does so here
  return new Painter(manifest, async (name, inputs) => runtime.run(await session(name), inputs));
}

/** A model's graphs, the smallest first. */
function graphsOf({ filters, whole_pixels: whole }) {
  return [...(filters ? ["mix"] : []), "paint", "measure", ...(whole ? ["whole"] : [])];
}

/** Load the styles that the list names; one that does not fit the model is left out. */
async function addStyles(folder) {
  const names = await (await found(new URL("index.json", folder))).json();
  const files = names.map(async (name) => {
    const file = await found(new URL(`${name}.safetensors`, folder));
    return readPackage(await file.arrayBuffer());
  });
  for (const style of await Promise.all(files)) {
    if (style.trunkId === painter.manifest.trunk_id) styles.set(style.name, style);
  }
}

async function found(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname}: ${response.status}`);
  return response;
}

/** A layer with codes for its names; the photo itself has none. */
function resolved({ parts, mask }) {
  if (parts[0][0] === PHOTO) return { codes: null, mask: mask && plane(mask) };
  const codes = parts.map(([name]) => {
    if (!styles.has(name)) throw new Error(`no style ${name}`);
    return styles.get(name).code;
  });
  return { codes, weights: parts.map(([, weight]) => weight), mask: mask && plane(mask) };
}

function plane({ data, width, height }) {
  return { data: new Uint8Array(data), width, height, channels: 1 };
}
