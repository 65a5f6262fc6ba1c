/* Marking: from references to mark bytes. The world is stopped in every function here; nothing allocates in the heap.
 *
 * A reference that is found goes through a short ring while its mark byte and its object are prefetched. What comes out
 * of the ring unmarked is marked and, when its type holds references, pushed on the mark stack to be scanned. So an
 * object is pushed at most once.
 */
#include "heap.h"
#include <sys/mman.h>

enum { RING_SIZE = 16, ARRAY_STRIP_ELEMENTS = 512, KEEP_STACK_ITEMS = 8192 };
#define STRIP_TAG ((uintptr_t)1) /* stack item: an array of which the part from the index below it is to be scanned */

/* Lives from rt_mark_begin to rt_mark_end of one collection. */
static struct {
    RtVector stack;
    uintptr_t ring[RING_SIZE];
    size_t ring_at;
    size_t live_bytes;
} marker;

static void push(uintptr_t item)
{
    if (RT_UNLIKELY(!rt_vector_push(&marker.stack, item)))
        rt_fail_fast("no memory for the mark stack of the garbage collector");
}

/* Marks `object` and pushes it when it has references and was not marked before. */
static inline void mark_and_push(uintptr_t object)
{
    uint8_t live = rt_heap.live;
    const RtType *type;
    size_t size;
    if (RT_LIKELY(rt_in_small_space(object))) {
        uint8_t *mark = rt_mark_byte(object);
        if (*mark & live)
            return;
        assert(*mark & RT_MARK_START);
        type = ((const RtObject *)object)->type;
        size = rt_object_size((const RtObject *)object);
        size_t n_granules = size / RT_GRANULE_BYTES;
        mark[0] = RT_MARK_START | live;
        if (n_granules <= 4) {
            for (size_t i = 1; i < n_granules; i++)
                mark[i] = live;
        } else {
            memset(mark + 1, live, n_granules - 1);
        }
    } else {
        RtLargePage *page = &rt_heap.large_pages[rt_large_page_index(object)];
        assert(page->n_pages && !page->is_free);
        if (page->mark == live)
            return;
        page->mark = live;
        type = ((const RtObject *)object)->type;
        size = rt_object_size((const RtObject *)object);
    }
    marker.live_bytes += size;
    if (type->flags & RT_FLAG_CONTAINS_GC_POINTERS)
        push(object);
}

/* Takes note of a reference; NULL and frozen objects fall out here. */
static inline void note(uintptr_t reference)
{
    if (reference - rt_heap.base >= rt_heap.small_bytes + rt_heap.large_bytes)
        return;
    __builtin_prefetch(rt_mark_byte(reference), 1); /* of a large object: an address in the reserved range or no harm */
    __builtin_prefetch((const void *)reference, 0);
    uintptr_t oldest = marker.ring[marker.ring_at];
    marker.ring[marker.ring_at] = reference;
    marker.ring_at = (marker.ring_at + 1) % RING_SIZE;
    if (oldest)
        mark_and_push(oldest);
}

static void scan_array(uintptr_t object, const RtType *type, size_t index)
{
    const RtGcDesc *gc = type->gc;
    size_t n_elements = rt_array_length((const RtObject *)object);
    size_t stride = type->flags & 0xFFFF;
    size_t end = n_elements;
    if (n_elements - index > ARRAY_STRIP_ELEMENTS) {
        end = index + ARRAY_STRIP_ELEMENTS;
        push(end);
        push(object | STRIP_TAG);
    }
    uintptr_t element = object + type->base_size - RT_HEADER_BYTES + index * stride;
    for (; index < end; index++, element += stride)
        for (uint32_t i = 0; i < gc->n_offsets; i++)
            note(*(const uintptr_t *)(element + gc->offsets[i]));
}

static void scan(uintptr_t object)
{
    const RtType *type = ((const RtObject *)object)->type;
    const RtGcDesc *gc = type->gc;
    if (type->flags & RT_FLAG_HAS_COMPONENT_SIZE) {
        scan_array(object, type, 0);
        return;
    }
    for (uint32_t i = 0; i < gc->n_offsets; i++)
        note(*(const uintptr_t *)(object + gc->offsets[i]));
}

void rt_mark_begin(void)
{
    rt_heap.live = rt_heap.live == RT_MARK_LIVE_A ? RT_MARK_LIVE_B : RT_MARK_LIVE_A;
    assert(marker.stack.n == 0);
    marker.live_bytes = 0;
}

void rt_mark_reference(RtObject *object)
{
    note((uintptr_t)object);
}

void rt_mark_drain(void)
{
    for (;;) {
        while (marker.stack.n) {
            uintptr_t item = marker.stack.items[--marker.stack.n];
            if (item & STRIP_TAG) {
                uintptr_t object = item & ~STRIP_TAG;
                size_t index = marker.stack.items[--marker.stack.n];
                scan_array(object, ((const RtObject *)object)->type, index);
            } else {
                scan(item);
            }
        }
        bool is_empty = true;
        for (size_t i = 0; i < RING_SIZE; i++) {
            uintptr_t reference = marker.ring[marker.ring_at];
            marker.ring[marker.ring_at] = 0;
            marker.ring_at = (marker.ring_at + 1) % RING_SIZE;
            if (reference) {
                is_empty = false;
                mark_and_push(reference);
            }
        }
        if (is_empty)
            return;
    }
}

void rt_mark_end(void)
{
    rt_heap.live_bytes = marker.live_bytes;
    if (marker.stack.capacity > KEEP_STACK_ITEMS) {
        munmap(marker.stack.items, marker.stack.capacity * sizeof(uintptr_t));
        marker.stack = (RtVector){0};
    }
}

bool rt_is_marked(const RtObject *object)
{
    uintptr_t address = (uintptr_t)object;
    if (rt_in_small_space(address))
        return (*rt_mark_byte(address) & rt_heap.live) != 0;
    if (rt_in_large_space(address))
        return rt_heap.large_pages[rt_large_page_index(address)].mark == rt_heap.live;
    return true;
}

/* ---- conservative words ---- */

/* The object whose memory holds `address`; 0 when there is none. */
static uintptr_t object_around(uintptr_t address)
{
    if (rt_in_small_space(address)) {
        if (address >= rt_heap.base + rt_heap.n_blocks * RT_BLOCK_BYTES)
            return 0;
        const uint8_t *block = rt_mark_byte(address & ~(RT_BLOCK_BYTES - 1));
        const uint8_t *mark = rt_mark_byte(address);
        while (!(*mark & RT_MARK_START)) {
            if (mark == block)
                return 0;
            mark--;
        }
        uintptr_t start = (address & ~(RT_BLOCK_BYTES - 1)) + (uintptr_t)(mark - block) * RT_GRANULE_BYTES;
        uintptr_t object = start + RT_HEADER_BYTES;
        return address - start < rt_object_size((const RtObject *)object) ? object : 0;
    }
    if (rt_in_large_space(address)) {
        uint32_t index = rt_large_page_index(address);
        if (index >= rt_heap.large_top_page)
            return 0;
        uint32_t head = rt_heap.large_pages[index].head;
        const RtLargePage *page = &rt_heap.large_pages[head];
        if (page->is_free || index - head >= page->n_pages)
            return 0;
        return rt_heap.large_base + head * RT_PAGE_BYTES + RT_HEADER_BYTES;
    }
    return 0;
}

/* One past the end of an object may be all that the compiled code keeps of it, so the address before counts too. */
RT_SCANS_FOREIGN_STACK void rt_mark_conservative(const uintptr_t *low, const uintptr_t *high)
{
    for (const uintptr_t *word = low; word < high; word++) {
        uintptr_t address = *word;
        if (address - rt_heap.base > rt_heap.small_bytes + rt_heap.large_bytes)
            continue;
        uintptr_t object = object_around(address);
        if (object)
            note(object);
        if (address % RT_GRANULE_BYTES == 0 && (object = object_around(address - 1)) != 0)
            note(object);
    }
}

/* ---- RT_VERIFY_HEAP ---- */

static void verify_reference(uintptr_t holder, uintptr_t reference)
{
    (void)holder;
    if (reference - rt_heap.base >= rt_heap.small_bytes + rt_heap.large_bytes)
        return;
    bool is_live_start;
    if (rt_in_small_space(reference))
        is_live_start = reference % RT_GRANULE_BYTES == RT_HEADER_BYTES &&
                        *rt_mark_byte(reference) == (RT_MARK_START | rt_heap.live);
    else
        is_live_start = (reference - rt_heap.large_base) % RT_PAGE_BYTES == RT_HEADER_BYTES &&
                        rt_heap.large_pages[rt_large_page_index(reference)].n_pages && rt_is_marked((void *)reference);
    if (!is_live_start)
        rt_fail_fast("heap verification: a live object refers to something that is no live object");
}

static void verify_object(uintptr_t object)
{
    const RtType *type = ((const RtObject *)object)->type;
    if (!type || type->base_size < 12 || !(type->flags & RT_FLAG_CONTAINS_GC_POINTERS) != !type->gc)
        rt_fail_fast("heap verification: a live object has no valid type");
    if (!type->gc)
        return;
    bool has_elements = (type->flags & RT_FLAG_HAS_COMPONENT_SIZE) != 0;
    size_t n_elements = has_elements ? rt_array_length((const RtObject *)object) : 1;
    uintptr_t element = has_elements ? object + type->base_size - RT_HEADER_BYTES : object;
    for (size_t index = 0; index < n_elements; index++, element += type->flags & 0xFFFF)
        for (uint32_t i = 0; i < type->gc->n_offsets; i++)
            verify_reference(object, *(const uintptr_t *)(element + type->gc->offsets[i]));
}

/* After marking: every live object has a type, and its references lead to live objects. */
void rt_verify_heap(void)
{
    const RtHeap *heap = &rt_heap;
    uint8_t live_start = RT_MARK_START | heap->live;
    for (uintptr_t start = heap->base; start < heap->base + heap->n_blocks * RT_BLOCK_BYTES; start += RT_GRANULE_BYTES)
        if (*rt_mark_byte(start) == live_start)
            verify_object(start + RT_HEADER_BYTES);
    for (size_t i = 0; i < heap->large_objects.n; i++) {
        uintptr_t object = heap->large_base + heap->large_objects.items[i] * RT_PAGE_BYTES + RT_HEADER_BYTES;
        if (rt_is_marked((const RtObject *)object))
            verify_object(object);
    }
}
