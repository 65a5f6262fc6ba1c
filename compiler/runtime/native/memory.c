/* NativeMemory: the C library's allocator. */
#include "system_native.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void *SystemNative_Malloc(uintptr_t size)
{
    return malloc(size);
}

void *SystemNative_Calloc(uintptr_t count, uintptr_t size)
{
    return calloc(count, size);
}

void *SystemNative_Realloc(void *memory, uintptr_t size)
{
    return realloc(memory, size);
}

void SystemNative_Free(void *memory)
{
    free(memory);
}

/* The caller has made `alignment` a power of two and `size` a multiple of it. */
void *SystemNative_AlignedAlloc(uintptr_t alignment, uintptr_t size)
{
    return aligned_alloc(alignment, size);
}

void *SystemNative_AlignedRealloc(void *memory, uintptr_t alignment, uintptr_t size)
{
    void *result = aligned_alloc(alignment, size);
    if (result != NULL && memory != NULL) {
        uintptr_t old_size = malloc_usable_size(memory);
        memcpy(result, memory, old_size < size ? old_size : size);
        free(memory);
    }
    return result;
}

void SystemNative_AlignedFree(void *memory)
{
    free(memory);
}
