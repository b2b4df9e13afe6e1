/**
 * The worker that paints in the browser: it loads the model once, keeps one photo, and answers
 * one request after the other. Messages in and out carry the `id` of their request.
 */

import * as ort from "../../ort/ort.wasm.bundle.min.mjs";
import { readPackage } from "../model/package.js";
import { Painter } from "../model/painter.js";
import { alphaOf, rgbaOf, rgbOf } from "../model/pixels.js";
import { floats, readSafetensors } from "../model/safetensors.js";

const TYPES = { Float32Array: "float32", Uint8Array: "uint8" };
const WEIGHTS = "weights.safetensors";
const PHOTO = "photo";

let painter = null;
const styles = new Map();
let photo = null;

const answers = {
  /** Load the model and all styles below a folder. */
  async open({ base, threads }) {
    ort.env.wasm.wasmPaths = { wasm: new URL("ort/ort-wasm-simd-threaded.wasm", base).href };
    ort.env.wasm.numThreads = threads;
    painter = await openPainter(new URL("model/", base));
    await addStyles(new URL("styles/", base));
    return { styles: [...styles.values()].map(({ code, trunkId, ...shown }) => shown) };
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
    const painted = await painter.paint(rgb, alpha, settings);
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

async function openPainter(folder) {
  const manifest = await (await found(new URL("manifest.json", folder))).json();
  const weights = await (await found(new URL(WEIGHTS, folder))).arrayBuffer();
  const identity = floats(readSafetensors(weights).tensors.get("identity_code"));
  const externalData = [{ path: WEIGHTS, data: new Uint8Array(weights) }];
  const options = { executionProviders: ["wasm"], externalData };
  const open = async (name) => {
    const graph = await (await found(new URL(`${name}.onnx`, folder))).arrayBuffer();
    return ort.InferenceSession.create(new Uint8Array(graph), options);
  };
  const sessions = { measure: await open("measure"), paint: await open("paint") };
  return new Painter(manifest, identity, (graph, inputs) => run(sessions[graph], inputs));
}

async function run(session, inputs) {
  const feeds = {};
  for (const [name, { data, dims }] of Object.entries(inputs)) {
    feeds[name] = new ort.Tensor(TYPES[data.constructor.name], data, dims);
  }
  return session.run(feeds);
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
