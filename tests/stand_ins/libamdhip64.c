/* A stand-in for AMD's HIP (libamdhip64.so) and its compiler, written from their reference. It is no driver: "device
 * memory" is the host's, and the kernel is carried out by the processor. STAND_IN_HIP says how it behaves; compiled
 * with WITHOUT_COMPILER it has no hiprtc. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OK = 0, OUT_OF_MEMORY = 2, NO_DEVICE = 100, LAUNCH_FAILURE = 719 };

static int behaves(const char *how) { const char *h = getenv("STAND_IN_HIP"); return h && !strcmp(h, how); }
const char *hipGetErrorName(int status) { return status == NO_DEVICE ? "hipErrorNoDevice" : "hipErrorUnknown"; }
int hipInit(unsigned flags) {
  while (behaves("hangs")) pause();
  if (behaves("crashes")) abort();
  return flags || behaves("absent") ? NO_DEVICE : OK;
}
int hipGetDeviceCount(int *out) {
  const char *visible = getenv("ROCR_VISIBLE_DEVICES");
  *out = visible && *visible && !getenv("HIP_VISIBLE_DEVICES") && !getenv("CUDA_VISIBLE_DEVICES");
  return OK;
}
int hipDeviceGetPCIBusId(char *out, int size, int device) {
  (void)device; snprintf(out, size, behaves("another") ? "0000:99:00.0" : "0000:03:00.0"); return OK;
}
int hipSetDevice(int device) { return device ? NO_DEVICE : OK; }
int hipMalloc(void **out, size_t size) { *out = malloc(size); return *out ? OK : OUT_OF_MEMORY; }
int hipFree(void *memory) { free(memory); return OK; }
int hipMemcpy(void *to, const void *from, size_t size, int kind) { (void)kind; memcpy(to, from, size); return OK; }
int hipMemcpyDtoD(void *to, void *from, size_t size) { memcpy(to, from, size); return OK; }
int hipMemsetD32(void *to, int value, size_t count) {
  for (size_t i = 0; i < count; i++) ((int *)to)[i] = value;
  if (behaves("wrong")) ((int *)to)[5] = 0;
  return OK;
}
int hipDeviceSynchronize(void) { return behaves("launch") ? LAUNCH_FAILURE : OK; }
#ifndef WITHOUT_COMPILER
int hiprtcCreateProgram(void **out, const char *source, const char *name, int n, const char **h, const char **i) {
  (void)name; (void)n; (void)h; (void)i; *out = strdup(source); return OK;
}
int hiprtcCompileProgram(void *program, int n, const char **options) {
  (void)n; (void)options; return !strstr(program, "dtf_check") || behaves("uncompiled") ? 6 : OK;
}
const char *hiprtcGetErrorString(int status) { (void)status; return "HIPRTC_ERROR_COMPILATION"; }
int hiprtcGetCodeSize(void *program, size_t *out) { *out = strlen(program) + 1; return OK; }
int hiprtcGetCode(void *program, char *out) { strcpy(out, program); return OK; }
int hiprtcDestroyProgram(void **program) { free(*program); return OK; }
int hipModuleLoadData(void **out, const void *image) { *out = strstr(image, "dtf_check") ? (void *)2 : 0; return *out ? OK : 209; }
int hipModuleGetFunction(void **out, void *module, const char *name) { (void)module; *out = (void *)3; return strcmp(name, "dtf_check"); }
int hipModuleUnload(void *module) { (void)module; return OK; }
int hipModuleLaunchKernel(void *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                          unsigned shared, void *stream, void **arguments, void **extra) {
  (void)f; (void)shared; (void)stream; (void)extra;
  float *y = *(float **)arguments[0], *x = *(float **)arguments[1], a = *(float *)arguments[2];
  unsigned n = *(unsigned *)arguments[3], threads = gx * gy * gz * bx * by * bz;
  for (unsigned i = 0; i < threads && i < n; i++) y[i] = a * x[i] + i;
  if (behaves("wrong")) y[3] = 0;
  return OK;
}
#endif
