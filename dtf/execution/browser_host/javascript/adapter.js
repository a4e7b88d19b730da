// Asks for an adapter, which is the only thing that tells whether there is WebGPU: the property proves nothing.
async () => {
  if (!globalThis.isSecureContext) return { available: false, reason: "the page is no secure context" };
  if (!navigator.gpu) return { available: false, reason: "navigator.gpu is not there" };
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) return { available: false, reason: "requestAdapter() gives null" };
  const info = adapter.info ?? {};
  const limits = {};
  for (const name of ["maxBufferSize", "maxStorageBufferBindingSize", "maxComputeInvocationsPerWorkgroup",
                      "maxComputeWorkgroupStorageSize", "maxComputeWorkgroupSizeX", "maxTextureDimension2D"]) {
    limits[name] = adapter.limits[name];
  }
  return {
    available: true, reason: "", vendor: info.vendor ?? "", architecture: info.architecture ?? "",
    device: info.device ?? "", description: info.description ?? "",
    fallback: info.isFallbackAdapter ?? adapter.isFallbackAdapter ?? false,
    features: [...adapter.features].sort(), limits,
  };
}
