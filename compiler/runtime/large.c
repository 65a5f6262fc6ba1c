/* Large space: objects of more than RT_LARGE_BYTES, each in a run of pages of 1 KiB.
 *
 * Free runs are kept in bins by the logarithm of their length and joined with free neighbours when an object dies.
 * Every function is called with rt_heap.lock held or with the world stopped.
 */
#include "heap.h"
#include <sys/mman.h>

enum { RETURN_TO_SYSTEM_FROM_PAGES = 256, MAX_STEPS_IN_BIN = 32 };

static unsigned bin_of(uint32_t n_pages)
{
    return 31u - (unsigned)__builtin_clz(n_pages);
}

static void unlink_free_run(uint32_t head)
{
    RtHeap *heap = &rt_heap;
    RtLargePage *run = &heap->large_pages[head];
    assert(run->is_free && run->head == head);
    unsigned bin = bin_of(run->n_pages);
    if (run->previous)
        heap->large_pages[run->previous].next = run->next;
    else
        heap->large_bins[bin] = run->next;
    if (run->next)
        heap->large_pages[run->next].previous = run->previous;
    if (heap->large_bins[bin] == 0)
        heap->large_bin_mask &= ~(1u << bin);
    *run = (RtLargePage){0}; /* it may become an inner page, which must not look like the first of an object */
}

/* `is_zero`: all memory of the run reads as zero. */
static void link_free_run(uint32_t head, uint32_t n_pages, bool is_zero)
{
    RtHeap *heap = &rt_heap;
    unsigned bin = bin_of(n_pages);
    RtLargePage *run = &heap->large_pages[head];
    *run = (RtLargePage){.head = head, .n_pages = n_pages, .next = heap->large_bins[bin], .is_free = true,
                         .is_zero = is_zero};
    if (run->next)
        heap->large_pages[run->next].previous = head;
    heap->large_bins[bin] = head;
    heap->large_bin_mask |= 1u << bin;
    if (n_pages > 1)
        heap->large_pages[head + n_pages - 1] =
            (RtLargePage){.head = head, .n_pages = n_pages, .is_free = true, .is_zero = is_zero};
}

static uint32_t find_free_run(uint32_t n_pages)
{
    RtHeap *heap = &rt_heap;
    uint32_t head = heap->large_bins[bin_of(n_pages)];
    for (int n_steps = 0; head && n_steps < MAX_STEPS_IN_BIN; n_steps++) {
        if (heap->large_pages[head].n_pages >= n_pages)
            return head;
        head = heap->large_pages[head].next;
    }
    uint32_t larger = heap->large_bin_mask & ~((2u << bin_of(n_pages)) - 1);
    return larger ? heap->large_bins[__builtin_ctz(larger)] : 0;
}

static uint32_t take_free_run(uint32_t n_pages, bool *is_zero)
{
    RtHeap *heap = &rt_heap;
    uint32_t head = find_free_run(n_pages);
    if (!head)
        return 0;
    uint32_t n_found = heap->large_pages[head].n_pages;
    *is_zero = heap->large_pages[head].is_zero;
    unlink_free_run(head);
    if (n_found > n_pages)
        link_free_run(head + n_pages, n_found - n_pages, *is_zero);
    return head;
}

RtObject *rt_large_alloc(size_t n_bytes)
{
    RtHeap *heap = &rt_heap;
    if (n_bytes > heap->large_bytes - RT_LARGE_PAGE_BYTES)
        return NULL;
    uint32_t n_pages = (uint32_t)((n_bytes + RT_LARGE_PAGE_BYTES - 1) / RT_LARGE_PAGE_BYTES);
    bool is_zero = true;
    uint32_t head = take_free_run(n_pages, &is_zero);
    if (!head) {
        if (!rt_large_commit(heap->large_top_page + n_pages))
            return NULL;
        head = (uint32_t)heap->large_top_page;
        heap->large_top_page += n_pages;
    }
    if (!rt_vector_push(&heap->large_objects, head)) {
        link_free_run(head, n_pages, is_zero);
        return NULL;
    }
    for (uint32_t page = 1; page < n_pages; page++)
        heap->large_pages[head + page] = (RtLargePage){.head = head};
    heap->large_pages[head] =
        (RtLargePage){.head = head, .n_pages = n_pages, .mark = RT_MARK_YOUNG};
    uintptr_t start = heap->large_base + head * RT_LARGE_PAGE_BYTES;
    if (!is_zero)
        memset((void *)start, 0, n_bytes);
    return (RtObject *)(start + RT_HEADER_BYTES);
}

/* Returns whether the run reads as zero afterwards. Its ends, which share a page of the system, are cleared by hand. */
static bool return_to_system(uint32_t head, uint32_t n_pages)
{
    uintptr_t start = rt_heap.large_base + head * RT_LARGE_PAGE_BYTES, end = start + n_pages * RT_LARGE_PAGE_BYTES;
    uintptr_t inner_start = rt_round_up(start, RT_PAGE_BYTES), inner_end = end & ~(RT_PAGE_BYTES - 1);
    if (madvise((void *)inner_start, inner_end - inner_start, MADV_DONTNEED) != 0)
        return false;
    memset((void *)start, 0, inner_start - start);
    memset((void *)inner_end, 0, end - inner_end);
    return true;
}

static void free_run(uint32_t head)
{
    RtHeap *heap = &rt_heap;
    uint32_t n_pages = heap->large_pages[head].n_pages;
    heap->large_pages[head] = (RtLargePage){0};
    bool is_zero = n_pages >= RETURN_TO_SYSTEM_FROM_PAGES && return_to_system(head, n_pages);
    const RtLargePage *before = &heap->large_pages[head - 1];
    if (head > 1 && before->is_free) {
        uint32_t previous = before->head;
        n_pages += before->n_pages;
        is_zero = is_zero && before->is_zero;
        head = previous;
        unlink_free_run(previous);
    }
    uint32_t end = head + n_pages;
    if (end < heap->large_top_page && heap->large_pages[end].is_free) {
        n_pages += heap->large_pages[end].n_pages;
        is_zero = is_zero && heap->large_pages[end].is_zero;
        unlink_free_run(end);
    }
    link_free_run(head, n_pages, is_zero);
}

void rt_large_sweep(void)
{
    RtHeap *heap = &rt_heap;
    RtVector *objects = &heap->large_objects;
    size_t n_kept = 0;
    for (size_t i = 0; i < objects->n; i++) {
        uint32_t head = (uint32_t)objects->items[i];
        assert(heap->large_pages[head].head == head && !heap->large_pages[head].is_free);
        if (heap->large_pages[head].mark == heap->live)
            objects->items[n_kept++] = head;
        else
            free_run(head);
    }
    objects->n = n_kept;
}
