/* A stand-in for NVIDIA's driver API (libcuda.so.1), written from its reference. It is no driver: "device memory" is the
 * host's, and the kernel is carried out by the processor. STAND_IN_CUDA says how it behaves. A context is told to the
 * stand-in for NVML by a file in STAND_IN_STATE. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OK = 0, OUT_OF_MEMORY = 2, NO_DEVICE = 100, INVALID_PTX = 218, ECC_UNCORRECTABLE = 214, LAUNCH_FAILED = 719 };
typedef unsigned long long address;

static int behaves(const char *how) { const char *h = getenv("STAND_IN_CUDA"); return h && !strcmp(h, how); }
static const char *visible(void) { const char *v = getenv("CUDA_VISIBLE_DEVICES"); return v ? v : ""; }
static const char *names[] = {"GPU-aabbbbbb-0000-0000-0000-000000000002", "GPU-aaaaaaaa-0000-0000-0000-000000000001"};

static void context_file(char *out, size_t size) {
  snprintf(out, size, "%s/%s.%d", getenv("STAND_IN_STATE"), visible(), getpid());
}
int cuInit(unsigned flags) {
  if (flags || behaves("absent")) return NO_DEVICE;
  while (behaves("hangs")) pause();
  if (behaves("crashes")) abort();
  return OK;
}
int cuGetErrorName(int status, const char **out) {
  *out = status == NO_DEVICE ? "CUDA_ERROR_NO_DEVICE" : status == LAUNCH_FAILED ? "CUDA_ERROR_LAUNCH_FAILED" :
         status == ECC_UNCORRECTABLE ? "CUDA_ERROR_ECC_UNCORRECTABLE" : "CUDA_ERROR_UNKNOWN";
  return OK;
}
int cuDeviceGetCount(int *out) { *out = *visible() ? 1 : 2; return OK; }
int cuDeviceGet(int *out, int ordinal) { *out = ordinal; return OK; }
int cuDeviceGetUuid_v2(unsigned char *out, int device) {
  const char *text = *visible() ? visible() : names[device];
  if (behaves("another")) text = "GPU-ffffffff-0000-0000-0000-000000000009";
  text = strchr(text, '-') + 1;
  for (int i = 0; i < 16; i++) {
    unsigned byte;
    if (*text == '-') text++;
    if (sscanf(text, "%2x", &byte) != 1) byte = 0;
    out[i] = byte; text += 2;
  }
  return OK;
}
int cuDevicePrimaryCtxRetain(void **out, int device) {
  char path[1024];
  (void)device;
  if (behaves("ecc")) return ECC_UNCORRECTABLE;
  *out = (void *)1;
  if (getenv("STAND_IN_STATE")) { context_file(path, sizeof path); FILE *f = fopen(path, "w"); if (f) fclose(f); }
  return OK;
}
int cuDevicePrimaryCtxRelease_v2(int device) {
  char path[1024];
  (void)device;
  if (getenv("STAND_IN_STATE")) { context_file(path, sizeof path); unlink(path); }
  return OK;
}
int cuCtxSetCurrent(void *context) { return context ? OK : NO_DEVICE; }
int cuModuleLoadData(void **out, const char *image) {
  if (!strstr(image, ".version") || !strstr(image, ".entry dtf_check(")) return INVALID_PTX;
  *out = (void *)2;
  return OK;
}
int cuModuleGetFunction(void **out, void *module, const char *name) {
  *out = (void *)3;
  return module && !strcmp(name, "dtf_check") ? OK : INVALID_PTX;
}
int cuModuleUnload(void *module) { (void)module; return OK; }
int cuMemAlloc_v2(address *out, size_t size) { *out = (address)malloc(size); return *out ? OK : OUT_OF_MEMORY; }
int cuMemFree_v2(address memory) { free((void *)memory); return OK; }
int cuMemcpyHtoD_v2(address to, const void *from, size_t size) { memcpy((void *)to, from, size); return OK; }
int cuMemcpyDtoH_v2(void *to, address from, size_t size) { memcpy(to, (void *)from, size); return OK; }
int cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned shared, void *stream, void **arguments, void **extra) {
  (void)function; (void)shared; (void)stream; (void)extra;
  float *y = *(float **)arguments[0], *x = *(float **)arguments[1], a = *(float *)arguments[2];
  unsigned n = *(unsigned *)arguments[3], threads = gx * gy * gz * bx * by * bz;
  for (unsigned i = 0; i < threads && i < n; i++) y[i] = a * x[i] + i;
  if (behaves("wrong")) y[700] += 0.5f;
  return OK;
}
int cuCtxSynchronize(void) { return behaves("launch") ? LAUNCH_FAILED : OK; }
