/* Marking: from references to mark bytes. The world is stopped in every function here; nothing allocates in the heap.
 *
 * A reference that is found in an object waits in a short queue while its mark byte and its object are prefetched. What
 * comes out of the queue unmarked is marked and, when its type holds references, pushed on the mark stack to be scanned.
 * So an object is pushed at most once, and the stack never holds more than the heap has objects.
 */
#include "heap.h"
#include <sys/mman.h>

enum { QUEUE_SIZE = 64, ARRAY_STRIP_ELEMENTS = 512, KEEP_STACK_ITEMS = 8192 };
#define STRIP_TAG ((uintptr_t)1) /* stack item: an array of which the part from the index below it is to be scanned */

/* Lives from rt_mark_begin to rt_mark_end of one collection. */
static struct {
    uintptr_t *stack; /* of `capacity` items, the first `n` in use */
    size_t n, capacity;
    size_t live_bytes;
} marker;

/* The marker's variables while it drains. A copy in registers: stores of mark bytes may alias everything in memory. */
typedef struct Drain {
    uintptr_t base;
    size_t small_bytes, all_bytes;
    uint8_t *marks_bias;
    uint8_t live;
    uintptr_t *stack, *top, *limit;
    size_t live_bytes;
    size_t head, tail; /* of the queue; counted without end, used modulo QUEUE_SIZE */
    uintptr_t queue[QUEUE_SIZE];
} Drain;

static __attribute__((noinline)) void grow_stack(void)
{
    size_t capacity = marker.capacity ? marker.capacity * 2 : RT_PAGE_BYTES / sizeof(uintptr_t);
    void *stack = marker.stack ? mremap(marker.stack, marker.capacity * sizeof(uintptr_t), capacity * sizeof(uintptr_t),
                                        MREMAP_MAYMOVE)
                               : rt_map_pages(capacity * sizeof(uintptr_t));
    if (!stack || stack == MAP_FAILED)
        rt_fail_fast("no memory for the mark stack of the garbage collector");
    marker.stack = stack;
    marker.capacity = capacity;
}

static inline __attribute__((always_inline)) void push(Drain *drain, uintptr_t item)
{
    if (RT_UNLIKELY(drain->top == drain->limit)) {
        size_t n = (size_t)(drain->top - drain->stack);
        grow_stack();
        drain->stack = marker.stack;
        drain->top = marker.stack + n;
        drain->limit = marker.stack + marker.capacity;
    }
    *drain->top++ = item;
}

/* No object is smaller than two granules. */
static inline void fill_marks(uint8_t *marks, size_t size, uint8_t live)
{
    size_t n_granules = size / RT_GRANULE_BYTES;
    assert(n_granules >= 2);
    marks[0] = RT_MARK_START | live;
    marks[1] = live;
    if (n_granules > 8)
        memset(marks + 2, live, n_granules - 2);
    else
        for (size_t i = 2; i < n_granules; i++)
            marks[i] = live;
}

/* Marks `object` and pushes it when it has references and was not marked before. */
static inline __attribute__((always_inline)) void mark_and_push(Drain *drain, uintptr_t object)
{
    const RtType *type;
    size_t size;
    if (RT_LIKELY(object - drain->base < drain->small_bytes)) {
        uint8_t *mark = drain->marks_bias + (object >> 4);
        if (*mark & drain->live)
            return;
        assert(*mark & RT_MARK_START);
        type = ((const RtObject *)object)->type;
        size = rt_object_size((const RtObject *)object);
        fill_marks(mark, size, drain->live);
    } else {
        RtLargePage *page = &rt_heap.large_pages[rt_large_page_index(object)];
        assert(page->n_pages && !page->is_free);
        if (page->mark == drain->live)
            return;
        page->mark = drain->live;
        type = ((const RtObject *)object)->type;
        size = rt_object_size((const RtObject *)object);
    }
    drain->live_bytes += size;
    if (type->flags & RT_FLAG_CONTAINS_GC_POINTERS)
        push(drain, object);
}

static inline __attribute__((always_inline)) void pop_queue(Drain *drain)
{
    mark_and_push(drain, drain->queue[drain->head++ % QUEUE_SIZE]);
}

/* Takes note of a reference; NULL and frozen objects fall out here. */
static inline __attribute__((always_inline)) void note(Drain *drain, uintptr_t reference)
{
    if (reference - drain->base >= drain->all_bytes)
        return;
    __builtin_prefetch(drain->marks_bias + (reference >> 4), 1); /* means nothing for a large object, and does no harm */
    __builtin_prefetch((const void *)reference, 0);
    if (drain->tail - drain->head == QUEUE_SIZE)
        pop_queue(drain);
    drain->queue[drain->tail++ % QUEUE_SIZE] = reference;
}

static inline __attribute__((always_inline)) void scan_array(Drain *drain, uintptr_t object, size_t index)
{
    const RtType *type = ((const RtObject *)object)->type;
    const RtGcDesc *gc = type->gc;
    size_t end = rt_array_length((const RtObject *)object);
    size_t stride = type->flags & 0xFFFF;
    if (end - index > ARRAY_STRIP_ELEMENTS) {
        end = index + ARRAY_STRIP_ELEMENTS;
        push(drain, end);
        push(drain, object | STRIP_TAG);
    }
    uintptr_t element = object + type->base_size - RT_HEADER_BYTES + index * stride;
    for (; index < end; index++, element += stride)
        for (uint32_t i = 0; i < gc->n_offsets; i++)
            note(drain, *(const uintptr_t *)(element + gc->offsets[i]));
}

static inline __attribute__((always_inline)) void scan_fields(Drain *drain, uintptr_t object)
{
    const RtGcDesc *gc = ((const RtObject *)object)->type->gc;
    for (uint32_t i = 0, n = gc->n_offsets; i < n; i++)
        note(drain, *(const uintptr_t *)(object + gc->offsets[i]));
}

static Drain begin_drain(void)
{
    const RtHeap *heap = &rt_heap;
    return (Drain){.base = heap->base, .small_bytes = heap->small_bytes,
                   .all_bytes = heap->small_bytes + heap->large_bytes, .marks_bias = heap->marks_bias,
                   .live = heap->live, .stack = marker.stack, .top = marker.stack + marker.n,
                   .limit = marker.stack + marker.capacity, .live_bytes = marker.live_bytes};
}

static void end_drain(const Drain *drain)
{
    assert(drain->head == drain->tail);
    marker.n = (size_t)(drain->top - drain->stack);
    marker.live_bytes = drain->live_bytes;
}

void rt_mark_begin(void)
{
    rt_heap.live = rt_heap.live == RT_MARK_LIVE_A ? RT_MARK_LIVE_B : RT_MARK_LIVE_A;
    marker.n = 0;
    marker.live_bytes = 0;
    if (!marker.stack)
        grow_stack();
}

void rt_mark_reference(RtObject *object)
{
    if (rt_gc_is_heap_object(object)) {
        Drain drain = begin_drain();
        mark_and_push(&drain, (uintptr_t)object);
        end_drain(&drain);
    }
}

void rt_mark_drain(void)
{
    Drain drain = begin_drain();
    for (;;) {
        if (drain.top != drain.stack) {
            uintptr_t item = *--drain.top;
            if (RT_UNLIKELY(item & STRIP_TAG)) {
                size_t index = *--drain.top;
                scan_array(&drain, item & ~STRIP_TAG, index);
            } else if (((const RtObject *)item)->type->flags & RT_FLAG_HAS_COMPONENT_SIZE) {
                scan_array(&drain, item, 0);
            } else {
                scan_fields(&drain, item);
            }
        } else if (drain.head != drain.tail) {
            pop_queue(&drain);
        } else {
            break;
        }
    }
    end_drain(&drain);
}

void rt_mark_end(void)
{
    assert(marker.n == 0);
    rt_heap.live_bytes = marker.live_bytes;
    if (marker.capacity > KEEP_STACK_ITEMS) {
        munmap(marker.stack, marker.capacity * sizeof(uintptr_t));
        marker.stack = NULL;
        marker.capacity = 0;
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
        if (index == 0 || index >= rt_heap.large_top_page) /* page 0 is never given out, its entry may be uncommitted */
            return 0;
        uint32_t head = rt_heap.large_pages[index].head;
        const RtLargePage *page = &rt_heap.large_pages[head];
        if (page->is_free || index - head >= page->n_pages)
            return 0;
        return rt_heap.large_base + head * RT_LARGE_PAGE_BYTES + RT_HEADER_BYTES;
    }
    return 0;
}

/* One past the end of an object may be all that the compiled code keeps of it, so the address before counts too. */
static void mark_around(uintptr_t address)
{
    rt_mark_reference((RtObject *)object_around(address));
    if (address % RT_GRANULE_BYTES == 0)
        rt_mark_reference((RtObject *)object_around(address - 1));
}

RT_SCANS_FOREIGN_STACK void rt_mark_conservative(const uintptr_t *low, const uintptr_t *high)
{
    for (const uintptr_t *word = low; word < high; word++)
        if (*word - rt_heap.base <= rt_heap.small_bytes + rt_heap.large_bytes)
            mark_around(*word);
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
        is_live_start = (reference - rt_heap.large_base) % RT_LARGE_PAGE_BYTES == RT_HEADER_BYTES &&
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

/* Before marking, when all is swept: no mark is left of objects that the last collection found dead. Such a mark would
 * let a stray word bring back an object whose references lead nowhere. */
void rt_verify_swept(void)
{
    const RtHeap *heap = &rt_heap;
    uint8_t stale = heap->live == RT_MARK_LIVE_A ? RT_MARK_LIVE_B : RT_MARK_LIVE_A;
    const uint8_t *marks = rt_mark_byte(heap->base);
    for (size_t i = 0; i < heap->n_blocks * RT_BLOCK_GRANULES; i++)
        if (marks[i] & stale)
            rt_fail_fast("heap verification: a dead object still has its mark when a collection begins");
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
        uintptr_t object = heap->large_base + heap->large_objects.items[i] * RT_LARGE_PAGE_BYTES + RT_HEADER_BYTES;
        if (rt_is_marked((const RtObject *)object))
            verify_object(object);
    }
}
