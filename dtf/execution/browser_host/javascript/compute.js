// Multiplies two matrices of floats and scrambles words on the GPU; what comes back is checked outside of the browser.
async ({ size, left, right, words, code }) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const text = (buffer) => {
    const view = new Uint8Array(buffer);
    let letters = "";
    for (let at = 0; at < view.length; at += 32768) letters += String.fromCharCode(...view.subarray(at, at + 32768));
    return btoa(letters);
  };
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) return { fault: "adapter", reason: "requestAdapter() gives null" };
  const device = await adapter.requestDevice();
  const lost = device.lost.then((info) => ({ fault: "lost", reason: `${info.reason}: ${info.message}` }));
  const work = async () => {
    device.pushErrorScope("out-of-memory");
    device.pushErrorScope("validation");
    const buffer = (data) => {
      const made = device.createBuffer({ size: data.length, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST });
      device.queue.writeBuffer(made, 0, data);
      return made;
    };
    const result = (length) => ({
      length,
      gpu: device.createBuffer({ size: length, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC }),
      host: device.createBuffer({ size: length, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST }),
    });
    const inputs = [left, right, words].map(bytes);
    const [a, b, w] = inputs.map(buffer);
    const [product, scrambled] = [result(size * size * 4), result(inputs[2].length)];
    const module = device.createShaderModule({ code });
    const program = async (entryPoint, buffers) => {
      const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint } });
      const entries = Object.entries(buffers).map(([binding, bound]) => (
        { binding: Number(binding), resource: { buffer: bound } }));
      return [pipeline, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries })];
    };
    const programs = [
      [...(await program("multiply", { 0: a, 1: b, 2: product.gpu })), size / 8, size / 8],
      [...(await program("scramble", { 3: w, 4: scrambled.gpu })), inputs[2].length / 4 / 64, 1],
    ];
    const begun = performance.now();
    const encoder = device.createCommandEncoder();
    for (const [pipeline, group, x, y] of programs) {
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(x, y);
      pass.end();
    }
    for (const { gpu, host, length } of [product, scrambled]) encoder.copyBufferToBuffer(gpu, 0, host, 0, length);
    device.queue.submit([encoder.finish()]);
    await Promise.all([product, scrambled].map(({ host }) => host.mapAsync(GPUMapMode.READ)));
    const seconds = (performance.now() - begun) / 1000;
    for (const kind of ["validation", "out-of-memory"]) {
      const error = await device.popErrorScope();
      if (error) return { fault: kind, reason: error.message };
    }
    const [floats, integers] = [product, scrambled].map(({ host }) => text(host.getMappedRange()));
    return { floats, integers, seconds };
  };
  const outcome = await Promise.race([work(), lost]);
  device.destroy();
  return outcome;
}
