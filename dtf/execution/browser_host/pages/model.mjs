// Runs one model in onnxruntime-web as job.json says, and sends back what came out, how long it took, and what
// onnxruntime wrote about the placement of its nodes. It judges nothing: dtf does, outside of the browser.

const placement = [];
let stage = "start";

// onnxruntime writes its log to the console. What says where nodes went is kept, the rest of the details left out.
for (const level of ["debug", "log", "info", "warn", "error"]) {
  const write = console[level].bind(console);
  console[level] = (...words) => {
    const text = words.map(String).join(" ");
    if (/VerifyEachNodeIsAssignedToAnEp|::GetCapability/.test(text) && placement.length < 20000) {
      placement.push(text.slice(0, 500));
    } else if (!/\[[VI]:onnxruntime/.test(text)) {
      write(text.slice(0, 2000));
    }
  };
}

const ARRAYS = {
  float32: Float32Array, float64: Float64Array, float16: globalThis.Float16Array ?? Uint16Array,
  int8: Int8Array, int16: Int16Array, int32: Int32Array, int64: BigInt64Array,
  uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, uint64: BigUint64Array, bool: Uint8Array,
};

async function send(path, body) {
  const answer = await fetch(path, { method: "POST", body });
  if (!answer.ok) throw new Error(`dtf answered ${answer.status} to ${path}`);
}

async function feed(ort, input) {
  const buffer = await (await fetch(input.file)).arrayBuffer();
  if (!(input.type in ARRAYS)) throw new Error(`browsers have no numbers of type ${input.type}`);
  return new ort.Tensor(input.type, new ARRAYS[input.type](buffer), input.dims);
}

// Asks for what the provider needs before onnxruntime does, so that "there is none" is not an error of the model.
async function provider(job) {
  if (job.provider === "webgpu") {
    const adapter = await navigator.gpu?.requestAdapter();
    if (!adapter) throw new Error("the browser gives no WebGPU adapter");
    return { options: "webgpu", adapter: describe(adapter.info) };
  }
  if (job.provider === "webnn") {
    if (!navigator.ml) throw new Error("the browser has no WebNN");
    await navigator.ml.createContext({ deviceType: job.device });
    return { options: { name: "webnn", deviceType: job.device }, adapter: null };
  }
  return { options: "wasm", adapter: null };
}

function describe(info) {
  const { vendor, architecture, device, description, isFallbackAdapter } = info;
  return { vendor, architecture, device, description, fallback: Boolean(isFallbackAdapter) };
}

async function keep(run, outputs) {
  const kept = [];
  for (const [name, tensor] of Object.entries(outputs)) {
    const data = await tensor.getData();
    if (!ArrayBuffer.isView(data)) throw new Error(`output ${name} is of type ${tensor.type}, which has no numbers`);
    const file = `${run}-${kept.length}.bin`;
    await send(`output/${file}`, new Blob([new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]));
    kept.push({ name, type: tensor.type, dims: tensor.dims, file });
  }
  return kept;
}

// The first call, then calls until there are enough of them or the time is up; the outputs of the first and the last.
async function measure(session, feeds, job) {
  const quiet = { logSeverityLevel: 2 };
  let started = performance.now();
  const first = await session.run(feeds, quiet);
  const first_run_s = (performance.now() - started) / 1000;
  const runs = [await keep("first", first)];
  const latencies_s = [];
  const end = performance.now() + job.measure_s * 1000;
  let last = first;
  while (latencies_s.length < job.runs && (latencies_s.length < 3 || performance.now() < end)) {
    started = performance.now();
    last = await session.run(feeds, quiet);
    for (const tensor of Object.values(last)) await tensor.getData();
    latencies_s.push((performance.now() - started) / 1000);
  }
  runs.push(await keep("last", last));
  return { first_run_s, latencies_s, runs };
}

async function work(job) {
  stage = "provider";
  const { options, adapter } = await provider(job);
  stage = "load";
  const started = performance.now();
  const ort = await import(`./ort/${job.bundle}`);
  ort.env.logLevel = "warning";
  ort.env.wasm.wasmPaths = new URL("ort/", location.href).href;
  const session = await ort.InferenceSession.create(job.model, {
    executionProviders: [options],
    freeDimensionOverrides: job.dimensions,
    logSeverityLevel: 0, // where nodes go is told at this level only
  });
  const load_s = (performance.now() - started) / 1000;
  stage = "run";
  const feeds = {};
  for (const input of job.inputs) feeds[input.name] = await feed(ort, input);
  const measured = await measure(session, feeds, job);
  const device = job.provider === "webgpu" ? await ort.env.webgpu.device : null;
  return {
    ...measured, load_s, version: ort.env.versions.web, threads: ort.env.wasm.numThreads,
    adapter: device?.adapterInfo ? describe(device.adapterInfo) : adapter,
  };
}

let result;
try {
  result = await work(await (await fetch("job.json")).json());
} catch (error) {
  result = { stage, error: String(error?.message ?? error).slice(0, 4000) };
}
await send("result", JSON.stringify({ ...result, placement }));
