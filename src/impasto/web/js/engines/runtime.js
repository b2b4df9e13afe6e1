/**
 * ONNX Runtime on the GPU, by WebGPU, or on the CPU, by WebAssembly. Only what is used is loaded.
 *
 * The GPU's build waits for it in the middle of WebAssembly, which not every browser with a GPU can
 * do (JavaScript Promise Integration); the others paint on the CPU.
 */

const BUILDS = {
  gpu: { script: "ort.jspi.bundle.min.mjs", wasm: "ort-wasm-simd-threaded.jspi.wasm" },
  cpu: { script: "ort.wasm.bundle.min.mjs", wasm: "ort-wasm-simd-threaded.wasm" },
};
/**
 * Nodes that the CPU runs beside the GPU, by the names that torch's exporter gives them; others are
 * not missed. A split of the runtime needs a buffer for each of its results, of which GPUs give a
 * shader ten or so; it cuts small things here, an affine and filters.
 */
const ON_CPU = Array.from({ length: 100 }, (_, number) => (number ? `split_${number}` : "split"));
const PROVIDERS = {
  gpu: [{ name: "webgpu", forceCpuNodeNames: ON_CPU }],
  cpu: ["wasm"],
};
/** It warns of nodes that it rightly leaves to the CPU. */
const ERRORS = 3;
const TYPES = { Float32Array: "float32", Uint8Array: "uint8" };

/**
 * What is to compute.
 *
 * @param {?string} wanted "gpu" or "cpu" by all means; anything else leaves the choice, and a GPU
 *   that is the CPU in disguise is not chosen
 */
export async function chosenDevice(wanted) {
  if (wanted in BUILDS) return wanted;
  if (!("Suspending" in WebAssembly)) return "cpu";
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  return adapter && !adapter.info.isFallbackAdapter ? "gpu" : "cpu";
}

/**
 * Load a runtime.
 *
 * @param {"gpu"|"cpu"} device
 * @param {string} base the address of the page
 * @param {number} threads of the CPU
 */
export async function openRuntime(device, base, threads) {
  const { script, wasm } = BUILDS[device];
  const ort = await import(`../../ort/${script}`);
  ort.env.wasm.wasmPaths = { wasm: new URL(`ort/${wasm}`, base).href };
  ort.env.wasm.numThreads = threads;
  return new Runtime(ort, PROVIDERS[device]);
}

/** Graphs that run on one device. */
class Runtime {
  constructor(ort, executionProviders) {
    this.ort = ort;
    this.executionProviders = executionProviders;
  }

  /** Read a graph whose weights lie in a file of their own. */
  open(graph, externalData) {
    const { executionProviders } = this;
    const options = { executionProviders, externalData, logSeverityLevel: ERRORS };
    return this.ort.InferenceSession.create(graph, options);
  }

  /** Run a graph: typed arrays with their dims in and out. */
  run(session, inputs) {
    const feeds = {};
    for (const [name, { data, dims }] of Object.entries(inputs)) {
      feeds[name] = new this.ort.Tensor(TYPES[data.constructor.name], data, dims);
    }
    return session.run(feeds);
  }
}
