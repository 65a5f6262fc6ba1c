/* A bounded table whose entries are replaced at random, with garbage of the same size between: what survives lies
 * scattered. Checks that the heap stays within three times its live size (8 MB at least, which a collection waits for).
 * usage: fragments LENGTH EVERY: byte arrays of LENGTH, one of EVERY is kept */
#include "support.h"

enum { N_ENTRIES = 8000 };
#define MIN_BYTES ((size_t)8 << 20)

static STATIC_ROOT RtObject *table;

static size_t heap_bytes(void)
{
    return rt_heap.n_blocks * RT_BLOCK_BYTES + rt_heap.large_top_page * RT_LARGE_PAGE_BYTES;
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    int64_t length = atol(argv[1]), every = atol(argv[2]);
    int64_t n_allocations = INT64_C(2500000000) / (length + 400);
    uint64_t seed = UINT64_C(88172645463325252);
    size_t peak = 0, live = 0;
    rt_gc_init();
    table = rt_new_array(&references_type, N_ENTRIES);
    for (int64_t i = 0; i < n_allocations; i++) {
        RtObject *bytes = rt_new_array(&bytes_type, length);
        if (i % every == 0)
            elements(table)[random_next(&seed) % N_ENTRIES] = bytes;
        peak = heap_bytes() > peak ? heap_bytes() : peak;
        live = rt_heap.live_bytes > live ? rt_heap.live_bytes : live;
    }
    fprintf(stderr, "length=%ld live_kb=%zu heap_kb=%zu collections=%d\n", (long)length, live >> 10, peak >> 10, rt_gc_count(0));
    CHECK(peak <= 3 * live || peak <= live + MIN_BYTES + MIN_BYTES / 2);
    printf("ok\n");
    return 0;
}
