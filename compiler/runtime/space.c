/* The address space of the collected heap: reserved once, committed as the heap grows, within what the container allows.
 *
 * Nothing here uses malloc or stdio: a thread that waits for malloc's lock with stopping held off could wait for a
 * stopped one.
 */
#include "heap.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

RtHeap rt_heap;

enum { COMMIT_STEP_BLOCKS = 32, COMMIT_STEP_MAX_BLOCKS = 1024, HUGE_PAGES_FROM_BLOCKS = 128 };
#define HUGE_PAGES_FROM_BYTES ((size_t)4 << 20) /* of large space at a time */
#define LOOK_UP_LIMIT_FROM_BYTES ((size_t)64 << 20)

void *rt_map_pages(size_t n_bytes)
{
    void *pages = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

bool rt_vector_push(RtVector *vector, uintptr_t item)
{
    if (vector->n == vector->capacity) {
        size_t capacity = vector->capacity ? vector->capacity * 2 : RT_PAGE_BYTES / sizeof(uintptr_t);
        void *items = vector->items
                          ? mremap(vector->items, vector->capacity * sizeof(uintptr_t), capacity * sizeof(uintptr_t),
                                   MREMAP_MAYMOVE)
                          : rt_map_pages(capacity * sizeof(uintptr_t));
        if (items == NULL || items == MAP_FAILED)
            return false;
        vector->items = items;
        vector->capacity = capacity;
    }
    vector->items[vector->n++] = item;
    return true;
}

static size_t reservation_bytes(size_t space_bytes)
{
    return 2 * space_bytes + space_bytes / RT_GRANULE_BYTES + rt_round_up(space_bytes / RT_BLOCK_BYTES, RT_PAGE_BYTES) +
           rt_round_up(space_bytes / RT_LARGE_PAGE_BYTES * sizeof(RtLargePage), RT_PAGE_BYTES);
}

void rt_heap_reserve(void)
{
    const size_t alignment = (size_t)1 << 21; /* of a huge page */
    size_t space_bytes = (size_t)1 << 37;
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        while (reservation_bytes(space_bytes) > limit.rlim_cur / 2)
            space_bytes /= 2;
    void *range = MAP_FAILED;
    for (; range == MAP_FAILED && space_bytes >= ((size_t)1 << 22); space_bytes /= 2) {
        range = mmap(NULL, reservation_bytes(space_bytes) + alignment, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (range != MAP_FAILED)
            break;
    }
    if (range == MAP_FAILED)
        rt_fail_fast("no address space for the garbage collected heap");
    RtHeap *heap = &rt_heap;
    heap->base = rt_round_up((uintptr_t)range, alignment);
    heap->small_bytes = space_bytes;
    heap->large_base = heap->base + space_bytes;
    heap->large_bytes = space_bytes;
    uintptr_t marks = heap->large_base + space_bytes;
    uintptr_t states = marks + space_bytes / RT_GRANULE_BYTES;
    size_t states_bytes = rt_round_up(space_bytes / RT_BLOCK_BYTES, RT_PAGE_BYTES);
    heap->marks_bias = (uint8_t *)(marks - (heap->base >> 4));
    heap->block_states = (uint8_t *)states;
    heap->large_pages = (RtLargePage *)(states + states_bytes);
    if (mprotect(heap->block_states, states_bytes, PROT_READ | PROT_WRITE) != 0)
        rt_fail_fast("no memory for the garbage collected heap");
    heap->live = RT_MARK_LIVE_A;
    heap->large_top_page = 1; /* page 0 stays unused: index 0 means none */
    heap->hard_limit_bytes = SIZE_MAX;
}

/* Memory limit of the control group that the process runs in (version 2), less a quarter for what is not the heap. */
static size_t read_hard_limit(void)
{
    char text[32];
    int file = open("/sys/fs/cgroup/memory.max", O_RDONLY | O_CLOEXEC);
    ssize_t n_read = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0)
        close(file);
    if (n_read <= 0 || text[0] < '0' || text[0] > '9')
        return SIZE_MAX; /* there is no such file, or it says "max" */
    text[n_read] = 0;
    return (size_t)strtoull(text, NULL, 10) / 4 * 3;
}

int64_t rt_gc_available_bytes(void)
{
    size_t limit = read_hard_limit(), physical = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    return (int64_t)(limit < physical ? limit : physical);
}

/* The limit is looked up once the heap is large enough for it to matter. rt_heap.lock is held. */
static bool within_hard_limit(size_t more_bytes)
{
    RtHeap *heap = &rt_heap;
    size_t n_bytes = heap->committed_blocks * RT_BLOCK_BYTES + heap->committed_large_pages * RT_LARGE_PAGE_BYTES + more_bytes;
    if (!heap->hard_limit_is_read && n_bytes > LOOK_UP_LIMIT_FROM_BYTES) {
        heap->hard_limit_bytes = read_hard_limit();
        heap->hard_limit_is_read = true;
    }
    return n_bytes <= heap->hard_limit_bytes;
}

static bool commit(uintptr_t start, size_t n_bytes, bool wants_huge_pages)
{
    if (mprotect((void *)start, n_bytes, PROT_READ | PROT_WRITE) != 0)
        return false;
    if (wants_huge_pages)
        madvise((void *)start, n_bytes, MADV_HUGEPAGE); /* only advice: the kernel may lack it */
    return true;
}

/* One more block at the end, of zeroed memory unless it was in use before. rt_heap.lock is held. */
bool rt_grow_by_a_block(void)
{
    RtHeap *heap = &rt_heap;
    if (heap->n_blocks == heap->committed_blocks) {
        size_t n_more = heap->committed_blocks / 8;
        n_more = rt_round_up(n_more < COMMIT_STEP_BLOCKS ? COMMIT_STEP_BLOCKS : n_more, COMMIT_STEP_BLOCKS);
        n_more = n_more > COMMIT_STEP_MAX_BLOCKS ? COMMIT_STEP_MAX_BLOCKS : n_more;
        size_t n_left = heap->small_bytes / RT_BLOCK_BYTES - heap->committed_blocks;
        n_more = n_more > n_left ? n_left : n_more;
        if (n_more == 0 || !within_hard_limit(n_more * RT_BLOCK_BYTES))
            return false;
        uintptr_t start = heap->base + heap->committed_blocks * RT_BLOCK_BYTES;
        bool wants_huge_pages = heap->committed_blocks >= HUGE_PAGES_FROM_BLOCKS;
        if (!commit((uintptr_t)rt_mark_byte(start), n_more * RT_BLOCK_GRANULES, wants_huge_pages) ||
            !commit(start, n_more * RT_BLOCK_BYTES, wants_huge_pages))
            return false;
        heap->committed_blocks += n_more;
    }
    heap->block_states[heap->n_blocks] = RT_BLOCK_UNSWEPT;
    heap->n_blocks++;
    return true;
}

/* Commits large space up to `n_pages`. rt_heap.lock is held. */
bool rt_large_commit(size_t n_pages)
{
    RtHeap *heap = &rt_heap;
    if (n_pages <= heap->committed_large_pages)
        return true;
    size_t n_more = rt_round_up(n_pages - heap->committed_large_pages, 1024);
    size_t n_left = heap->large_bytes / RT_LARGE_PAGE_BYTES - heap->committed_large_pages;
    n_more = n_more > n_left ? n_left : n_more;
    if (heap->committed_large_pages + n_more < n_pages || !within_hard_limit(n_more * RT_LARGE_PAGE_BYTES))
        return false;
    uintptr_t start = heap->large_base + heap->committed_large_pages * RT_LARGE_PAGE_BYTES;
    uintptr_t table = (uintptr_t)(heap->large_pages + heap->committed_large_pages) & ~(RT_PAGE_BYTES - 1);
    uintptr_t table_end =
        rt_round_up((uintptr_t)(heap->large_pages + heap->committed_large_pages + n_more), RT_PAGE_BYTES);
    size_t more_bytes = n_more * RT_LARGE_PAGE_BYTES;
    if (!commit(table, table_end - table, false) || !commit(start, more_bytes, more_bytes >= HUGE_PAGES_FROM_BYTES))
        return false;
    heap->committed_large_pages += n_more;
    return true;
}
