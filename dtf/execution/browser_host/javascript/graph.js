// Builds, compiles and computes left x right + bias with WebNN. The device type that is asked for proves nothing.
async ({ size, left, right, bias }) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  if (!globalThis.isSecureContext) return { fault: "missing", reason: "the page is no secure context" };
  if (!navigator.ml) return { fault: "missing", reason: "navigator.ml is not there" };
  const context = await navigator.ml.createContext();
  const builder = new MLGraphBuilder(context);
  const shape = { dataType: "float32", shape: [size, size] };
  const input = builder.input("left", shape);
  const sum = builder.add(builder.matmul(input, builder.constant(shape, new Float32Array(bytes(right).buffer))),
                          builder.constant(shape, new Float32Array(bytes(bias).buffer)));
  const graph = await builder.build({ sum });
  const given = await context.createTensor({ ...shape, writable: true });
  const taken = await context.createTensor({ ...shape, readable: true });
  context.writeTensor(given, new Float32Array(bytes(left).buffer));
  const begun = performance.now();
  context.dispatch(graph, { left: given }, { sum: taken });
  const view = new Uint8Array(await context.readTensor(taken));
  const seconds = (performance.now() - begun) / 1000;
  return { floats: btoa(String.fromCharCode(...view)), seconds };
}
