/* A stand-in for NVIDIA's NVML (libnvidia-ml.so.1), written from its API reference. It is no driver: it tells of the
 * host that STAND_IN_HOST names, and of the processes that stand in STAND_IN_STATE as files "<uuid>.<pid>"; each time
 * that it tells of one, the file "seen.<pid>" there grows by a byte. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OK = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7, DRIVER_NOT_LOADED = 9,
       GPU_IS_LOST = 15, LIB_RM_VERSION_MISMATCH = 18, UNKNOWN = 999 };

typedef struct gpu {
  const char *uuid, *name, *bus;
  unsigned long long memory;
  int major, minor, is_mig, instance, lost, recovery, slices;
  struct gpu *instances;
} gpu;
typedef struct { unsigned long long total, free, used; } memory;
typedef struct { char legacy[16]; unsigned domain, bus, device, pci_device, pci_subsystem; char id[32]; } pci;
typedef struct { unsigned pid; unsigned long long used; unsigned gpu_instance, compute_instance; } process;
typedef struct { unsigned field, scope; long long stamp, latency; unsigned type; int status; unsigned long long value; } value;
typedef struct { unsigned gpu, memory; } rates;

static gpu instances[] = {
  {"MIG-11111111-0000-0000-0000-00000000000a", "Stand-in A100 MIG 1g.5gb", 0, 4864ull << 20, 8, 0, 1, 7},
  {0},  /* a number that is not in use */
  {"MIG-11111111-0000-0000-0000-00000000000b", "Stand-in A100 MIG 2g.10gb", 0, 9856ull << 20, 8, 0, 1, 3},
};
static gpu two[] = {
  {"GPU-aaaaaaaa-0000-0000-0000-000000000001", "Stand-in H100", "00000000:01:00.0", 80ull << 30, 9, 0},
  {"GPU-aabbbbbb-0000-0000-0000-000000000002", "Stand-in T4", "00000000:02:00.0", 16ull << 30, 7, 5},
};
static gpu mig[] = {
  {"GPU-11111111-0000-0000-0000-000000000000", "Stand-in A100", "00000000:07:00.0", 40ull << 30, 8, 0, 0, 0, 0, 0, 3, instances},
  {"GPU-22222222-0000-0000-0000-000000000000", "Stand-in A100", "00000000:08:00.0", 40ull << 30, 8, 0, 0, 0, 0, 0, 7, 0},
};
static gpu errors[] = {
  {"GPU-cccccccc-0000-0000-0000-000000000001", "Stand-in lost", "00000000:01:00.0", 1ull << 30, 9, 0, .lost = 1},
  {"GPU-cccccccc-0000-0000-0000-000000000002", "Stand-in ill", "00000000:02:00.0", 1ull << 30, 9, 0, .recovery = 1},
  {"GPU-cccccccc-0000-0000-0000-000000000003", "Stand-in well", "00000000:03:00.0", 1ull << 30, 9, 0},
};

static int is_host(const char *name) { const char *h = getenv("STAND_IN_HOST"); return !strcmp(h ? h : "two", name); }
static gpu *host(unsigned *count) {
  *count = 2;
  if (is_host("mig")) return mig;
  if (is_host("errors")) { *count = 3; return errors; }
  return two;
}

int nvmlInitWithFlags(unsigned flags) {
  (void)flags;
  if (is_host("mismatch")) return LIB_RM_VERSION_MISMATCH;
  if (is_host("unloaded")) return DRIVER_NOT_LOADED;
  if (is_host("crashes")) abort();
  while (is_host("hangs")) pause();
  return OK;
}
int nvmlShutdown(void) { return OK; }
const char *nvmlErrorString(int status) { (void)status; return "stand-in error"; }
int nvmlSystemGetDriverVersion(char *out, unsigned size) { snprintf(out, size, "580.00"); return OK; }
int nvmlDeviceGetCount_v2(unsigned *out) {
  if (is_host("uncounted")) return UNKNOWN;
  host(out);
  return OK;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, gpu **out) {
  unsigned count; gpu *gpus = host(&count);
  if (index >= count) return INVALID_ARGUMENT;
  *out = &gpus[index];
  return OK;
}
int nvmlDeviceGetName(gpu *g, char *out, unsigned size) { snprintf(out, size, "%s", g->name); return OK; }
int nvmlDeviceGetUUID(gpu *g, char *out, unsigned size) { snprintf(out, size, "%s", g->uuid); return OK; }
int nvmlDeviceGetMemoryInfo(gpu *g, memory *out) {
  if (g->lost) return GPU_IS_LOST;
  *out = (memory){g->memory, g->memory - (1ull << 20), 1ull << 20};
  return OK;
}
int nvmlDeviceGetCudaComputeCapability(gpu *g, int *major, int *minor) { *major = g->major; *minor = g->minor; return OK; }
int nvmlDeviceGetPciInfo_v3(gpu *g, pci *out) { memset(out, 0, sizeof *out); snprintf(out->id, 32, "%s", g->bus); return OK; }
int nvmlDeviceGetTemperature(gpu *g, unsigned sensor, unsigned *out) { (void)g; (void)sensor; *out = 41; return OK; }
int nvmlDeviceGetTotalEccErrors(gpu *g, unsigned type, unsigned since, unsigned long long *out) {
  (void)g; (void)type; (void)since; (void)out; return NOT_SUPPORTED;
}
int nvmlDeviceGetUtilizationRates(gpu *g, rates *out) {
  if (g->is_mig) return NOT_SUPPORTED;
  *out = (rates){73, 10};
  return OK;
}
int nvmlDeviceGetMigMode(gpu *g, unsigned *current, unsigned *pending) {
  if (!is_host("mig")) return NOT_SUPPORTED;
  *current = *pending = g->slices > 0;
  return OK;
}
int nvmlDeviceGetMaxMigDeviceCount(gpu *g, unsigned *out) { *out = g->slices; return OK; }
int nvmlDeviceGetMigDeviceHandleByIndex(gpu *g, unsigned index, gpu **out) {
  if (!g->instances || !g->instances[index].uuid) return NOT_FOUND;
  *out = &g->instances[index];
  return OK;
}
int nvmlDeviceGetGpuInstanceId(gpu *g, unsigned *out) { *out = g->instance; return OK; }
int nvmlDeviceGetComputeInstanceId(gpu *g, unsigned *out) { (void)g; *out = 0; return OK; }
int nvmlDeviceGetFieldValues(gpu *g, int count, value *values) {
  for (int i = 0; i < count; i++) { values[i].status = OK; values[i].value = g->recovery; }
  return OK;
}
int nvmlDeviceGetRemappedRows(gpu *g, unsigned *a, unsigned *b, unsigned *pending, unsigned *failed) {
  (void)g; *a = *b = *pending = *failed = 0; return OK;
}

static void tell(const char *place, const char *pid) {
  char path[1024];
  snprintf(path, sizeof path, "%s/seen.%s", place, pid);
  FILE *file = fopen(path, "a");
  if (file) { fputc('.', file); fclose(file); }
}
static unsigned on(gpu *g, process *out, unsigned room) {
  const char *place = getenv("STAND_IN_STATE"), *shift = getenv("STAND_IN_PID_SHIFT");
  DIR *directory = place ? opendir(place) : 0;
  unsigned found = 0;
  if (!directory) return 0;
  for (struct dirent *entry; (entry = readdir(directory));) {
    size_t length = strlen(g->uuid);
    if (strncmp(entry->d_name, g->uuid, length) || entry->d_name[length] != '.') continue;
    /* in a container the driver tells the host's pids */
    unsigned pid = atoi(entry->d_name + length + 1) + (shift ? atoi(shift) : 0);
    if (found < room) {
      out[found] = (process){pid, 512000000ull, g->instance, 0};
      tell(place, entry->d_name + length + 1);
    }
    found++;
  }
  closedir(directory);
  return found;
}
int nvmlDeviceGetComputeRunningProcesses_v3(gpu *g, unsigned *count, process *out) {
  unsigned room = out ? *count : 0;
  *count = on(g, out, room);
  return *count > room ? INSUFFICIENT_SIZE : OK;
}
int nvmlDeviceGetMPSComputeRunningProcesses_v3(gpu *g, unsigned *count, process *out) {
  (void)g; (void)out; *count = 0; return OK;
}
