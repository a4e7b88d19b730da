// The page's side: one session at a time on onnxruntime-web's WebGPU provider, and what it logs.
const ARRAYS = {
  float32: Float32Array, float64: Float64Array, float16: globalThis.Float16Array ?? Uint16Array,
  int8: Int8Array, int16: Int16Array, int32: Int32Array, int64: BigInt64Array,
  uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, uint64: BigUint64Array, bool: Uint8Array,
};

// The runtime's log is the only place where it says which provider took which node.
const log = [];
for (const level of ["debug", "log", "info", "warn", "error"]) console[level] = (...words) => log.push(words.join(" "));

const ort = await import("/ort/ort.webgpu.min.mjs");
ort.env.wasm.numThreads = 1;  // more would need a page that is isolated from other origins
ort.env.wasm.wasmPaths = "/ort/";

const found = await navigator.gpu?.requestAdapter();
const adapter = found ? `${found.info.vendor} ${found.info.architecture}${found.info.isFallbackAdapter ? " (software)" : ""}` : "none";

let session = null;

// Make a session of an ONNX model (base64), and return the lines in which the runtime tells where its nodes are.
async function create(model) {
  await session?.release();
  session = null;
  log.length = 0;
  session = await ort.InferenceSession.create(bytes(model), { executionProviders: ["webgpu"], logSeverityLevel: 0 });
  return { adapter, placements: log.filter((line) => line.includes("VerifyEachNodeIsAssignedToAnEp")) };
}

// Run the session on tensors in the order of its inputs; return its outputs, and what the browser complained of.
async function run(inputs) {
  log.length = 0;
  const feeds = Object.fromEntries(inputs.map((input, place) => [session.inputNames[place], decoded(input)]));
  const fetched = await session.run(feeds);
  const outputs = [];
  for (const name of session.outputNames) outputs.push(await encoded(fetched[name]));
  return { outputs, complaints: log.filter((line) => /error/i.test(line)).slice(0, 5) };
}

function decoded({ type, dims, data }) {
  if (type === "string") return new ort.Tensor(type, data, dims);
  if (!ARRAYS[type]) throw new Error(`onnxruntime-web has no tensors of type ${type}`);
  return new ort.Tensor(type, new ARRAYS[type](bytes(data).buffer), dims);
}

async function encoded(tensor) {
  if (!(tensor instanceof ort.Tensor)) throw new Error("onnxruntime-web has no outputs but tensors");
  const data = await tensor.getData();
  const plain = tensor.type === "string" ? data : base64(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return { type: tensor.type, dims: tensor.dims, data: plain };
}

function bytes(text) {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

function base64(array) {
  let text = "";
  for (let start = 0; start < array.length; start += 32768) {
    text += String.fromCharCode(...array.subarray(start, start + 32768));
  }
  return btoa(text);
}

window.conformance = { create, run };
