/* GC.GetGCMemoryInfo: what the class library and its thread pool ask about memory. */
#include "calls.h"

#include <stdio.h>
#include <unistd.h>

static void put(RtObject *info, enum RtField field, int64_t value) { *(int64_t *)rt_field(info, field) = value; }

/* Bytes of physical memory that are in use on the machine, or by the process's container where that has a limit. */
static int64_t memory_load_bytes(int64_t available) {
    int64_t used = 0;
    FILE *file = fopen("/sys/fs/cgroup/memory.current", "re");
    if (file) {
        bool is_read = fscanf(file, "%ld", &used) == 1;
        fclose(file);
        if (is_read)
            return used;
    }
    int64_t free_bytes = (int64_t)sysconf(_SC_AVPHYS_PAGES) * sysconf(_SC_PAGESIZE);
    file = fopen("/proc/meminfo", "re");
    if (file) {
        char line[128];
        int64_t kib;
        while (fgets(line, sizeof line, file))
            if (sscanf(line, "MemAvailable: %ld", &kib) == 1)
                free_bytes = kib * 1024;
        fclose(file);
    }
    return available > free_bytes ? available - free_bytes : 0;
}

/* The kinds differ in which collection they tell of; there is one kind of collection here, a full blocking one. */
void ic_GC_GetMemoryInfo(RtObject *info, int32_t kind) {
    (void)kind;
    int64_t available = rt_gc_available_bytes(), heap = rt_gc_heap_bytes();
    put(info, RT_FIELD_GC_AVAILABLE, available);
    put(info, RT_FIELD_GC_HIGH_LOAD, available / 10 * 9);
    put(info, RT_FIELD_GC_LOAD, memory_load_bytes(available));
    put(info, RT_FIELD_GC_HEAP_SIZE, heap);
    put(info, RT_FIELD_GC_COMMITTED, heap);
    put(info, RT_FIELD_GC_INDEX, rt_gc_count(0));
    *(int32_t *)rt_field(info, RT_FIELD_GC_GENERATION) = 2;
}
