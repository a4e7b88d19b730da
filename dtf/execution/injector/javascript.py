"""What is run inside of pages to make their interfaces fail, and to look at them."""

#: Makes the next ``times`` devices of the page be destroyed as soon as they are there.
DESTROY_DEVICES = """times => {
  const real = GPUAdapter.prototype.requestDevice;
  window.__dtf_restore = () => { GPUAdapter.prototype.requestDevice = real; };
  GPUAdapter.prototype.requestDevice = async function (...given) {
    const device = await real.apply(this, given);
    if (times-- > 0) device.destroy(); else window.__dtf_restore();
    return device;
  };
}"""

#: Has the function of that name called between a device's birth and its use, the next ``times`` times.
CALL_WITH_DEVICES = """([name, times]) => {
  const real = GPUAdapter.prototype.requestDevice;
  window.__dtf_restore = () => { GPUAdapter.prototype.requestDevice = real; };
  GPUAdapter.prototype.requestDevice = async function (...given) {
    const device = await real.apply(this, given);
    if (times-- > 0) await window[name](); else window.__dtf_restore();
    return device;
  };
}"""

#: Gives no adapter in this document.
NULL_ADAPTER = """() => {
  const real = GPU.prototype.requestAdapter;
  window.__dtf_restore = () => { GPU.prototype.requestAdapter = real; };
  GPU.prototype.requestAdapter = async () => null;
}"""

#: Never answers the next ``times`` requests for an adapter or over the network.
NEVER = """times => {
  const [adapter, fetched] = [window.GPU?.prototype.requestAdapter, window.fetch];
  window.__dtf_restore = () => { if (adapter) GPU.prototype.requestAdapter = adapter; window.fetch = fetched; };
  const hang = (real) => function (...given) {
    if (times-- > 0) return new Promise(() => {});
    window.__dtf_restore();
    return real.apply(this, given);
  };
  if (adapter) GPU.prototype.requestAdapter = hang(adapter);
  window.fetch = hang(fetched);
}"""

RESTORE = "() => { window.__dtf_restore?.(); delete window.__dtf_restore; }"

#: For every document of a context: each request for an adapter or a model context throws.
THROWING = """(() => {
  const refuse = async () => { throw new DOMException("refused by an injected failure", "OperationError"); };
  if (window.GPU) GPU.prototype.requestAdapter = refuse;
  if (window.ML) ML.prototype.createContext = refuse;
})()"""

#: For every document of a context: there are no such interfaces.
MISSING = "(() => { delete Navigator.prototype.gpu; delete Navigator.prototype.ml; })()"

#: What asking for an adapter comes to: ``there``, ``null``, ``undefined``, or the error.
ADAPTER = """async () => {
  if (navigator.gpu === undefined) return "navigator.gpu is undefined";
  try { return await navigator.gpu.requestAdapter() ? "there" : "requestAdapter() gives null"; }
  catch (error) { return `requestAdapter() throws ${error.name}: ${error.message}`; }
}"""

#: How a fresh device was lost within ``ms``; empty: it was not.
DEVICE_LOST = """async ms => {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter.requestDevice();
  const told = await Promise.race([device.lost, new Promise((done) => setTimeout(done, ms))]);
  if (!told) device.destroy();
  return told ? `${told.reason}: ${told.message}` : "";
}"""

#: Takes address space until no more is given, and keeps it.
HOG = """() => {
  const kept = window.__dtf_hog = [];
  for (let size = 2 ** 33; size >= 2 ** 20 && kept.length < 1000;) {
    try { kept.push(new ArrayBuffer(size)); } catch { size /= 2; }
  }
  return kept.reduce((sum, one) => sum + one.byteLength, 0);
}"""

DROP_HOG = "() => { delete window.__dtf_hog; }"

#: Asks for an array of so many bytes; what is thrown, or an empty text.
ALLOCATE = "size => { try { new ArrayBuffer(size); return ''; } catch (error) { return String(error); } }"

#: Fills the heap until something gives; the numbers differ, so that nothing is shared.
FILL_HEAP = """size => {
  const kept = [];
  for (let bytes = 0; bytes < size; bytes += 8000) kept.push(new Array(1000).fill(bytes + 0.5));
  return kept.length;
}"""

#: A loop of a fixed length.
LOOP = "turns => { let sum = 0; for (let at = 0; at < turns; at++) sum += Math.sqrt(at); return sum; }"

#: Keeps the page busy for so many milliseconds, beginning after this has returned.
BUSY = "ms => { setTimeout(() => { const end = performance.now() + ms; while (performance.now() < end); }, 50); }"

#: Keeps the page busy for ever, beginning after this has returned.
ENDLESS = "() => { setTimeout(() => { for (;;); }, 50); }"
