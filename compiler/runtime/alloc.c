/* Allocating objects. Finding memory for them is blocks.c and large.c.
 *
 * The fast path runs without any lock and may be stopped by a collection between any two instructions. Its order of
 * stores makes that harmless: type (and length), then the mark byte, then `bump`. Before the mark byte is there the
 * memory is still part of the thread's hole, which a collection leaves alone; after it the object is found like any
 * other, through the register that holds it. Everything else runs with stopping held off.
 */
#include "heap.h"

_Thread_local RtAllocator rt_allocator;

/* Stores in the order that the top of this file explains. `length` is written when the type has elements. */
static inline RtObject *publish(RtHole *hole, size_t size, const RtType *type, uint32_t length, bool has_length)
{
    uintptr_t start = hole->bump;
    RtObject *object = (RtObject *)(start + RT_HEADER_BYTES);
    object->type = type;
    if (has_length)
        *(uint32_t *)((uintptr_t)object + 8) = length;
    RT_SIGNAL_FENCE();
    rt_allocator.marks_bias[start >> 4] = RT_MARK_YOUNG;
    RT_SIGNAL_FENCE();
    hole->bump = start + size;
    return object;
}

/* Stopping is held off. NULL: no memory. */
static RtObject *try_allocate(RtThread *self, const RtType *type, size_t size, uint32_t length, bool has_length)
{
    if (size <= RT_LARGE_BYTES) {
        RtHole *hole = rt_hole_for(self, size);
        return hole ? publish(hole, size, type, length, has_length) : NULL;
    }
    rt_mutex_lock(&rt_heap.lock);
    RtObject *object = rt_large_alloc(size);
    rt_mutex_unlock(&rt_heap.lock);
    if (object) {
        object->type = type;
        if (has_length)
            *(uint32_t *)((uintptr_t)object + 8) = length;
        self->allocated_bytes += size;
        rt_report_allocated(self);
    }
    return object;
}

static bool is_time_to_collect(void)
{
    RtHeap *heap = &rt_heap;
    if (RT_UNLIKELY(heap->stress_interval) &&
        atomic_fetch_add_explicit(&heap->stress_count, 1, memory_order_relaxed) % heap->stress_interval == 0)
        return true;
    return atomic_load_explicit(&heap->allocated_since, memory_order_relaxed) >= heap->threshold;
}

/* Without this a full heap would be collected again for every few objects. */
static bool is_collecting_worth_it(void)
{
    const RtHeap *heap = &rt_heap;
    return heap->live_bytes < heap->n_blocks * RT_BLOCK_BYTES / 128 * 127;
}

static __attribute__((noinline)) RtObject *allocate_slowly(const RtType *type, size_t size, uint32_t length,
                                                           bool has_length)
{
    RtThread *self = rt_thread_self();
    RtHeap *heap = &rt_heap;
    if (is_time_to_collect())
        rt_gc_collect_since(atomic_load(&heap->n_collections));
    for (int n_attempts = 0;; n_attempts++) {
        uint32_t n_seen = atomic_load(&heap->n_collections);
        rt_hold_off_stop(self);
        RtObject *object = try_allocate(self, type, size, length, has_length);
        rt_allow_stop(self);
        if (object) {
            if ((type->flags & RT_FLAG_HAS_FINALIZER) && !rt_finalizer_register(self, object))
                rt_throw_kind(RT_THROW_OUT_OF_MEMORY);
            return object;
        }
        if (n_attempts == 2 || (n_attempts == 1 && !is_collecting_worth_it()))
            rt_throw_kind(RT_THROW_OUT_OF_MEMORY);
        rt_gc_collect_since(n_seen);
    }
}

RtObject *rt_new(const RtType *type)
{
    RtHole *hole = &rt_allocator.small.hole;
    size_t size = rt_round_up(type->base_size, RT_GRANULE_BYTES);
    if (RT_LIKELY(size <= hole->zeroed - hole->bump && !(type->flags & RT_FLAG_HAS_FINALIZER)))
        return publish(hole, size, type, 0, false);
    return allocate_slowly(type, size, 0, false);
}

RtObject *rt_new_finalizable(const RtType *type)
{
    assert(type->flags & RT_FLAG_HAS_FINALIZER);
    return allocate_slowly(type, rt_round_up(type->base_size, RT_GRANULE_BYTES), 0, false);
}

static inline RtObject *new_with_elements(const RtType *type, uint32_t length)
{
    RtHole *hole = &rt_allocator.small.hole;
    assert(type->flags & RT_FLAG_HAS_COMPONENT_SIZE);
    size_t size = rt_round_up(type->base_size + (size_t)(type->flags & 0xFFFF) * length, RT_GRANULE_BYTES);
    if (RT_LIKELY(size <= hole->zeroed - hole->bump))
        return publish(hole, size, type, length, true);
    return allocate_slowly(type, size, length, true);
}

RtObject *rt_new_array(const RtType *array_type, int64_t length)
{
    if (RT_UNLIKELY((uint64_t)length > (uint64_t)RT_MAX_ARRAY_LENGTH))
        rt_throw_kind(length < 0 ? RT_THROW_OVERFLOW : RT_THROW_OUT_OF_MEMORY);
    return new_with_elements(array_type, (uint32_t)length);
}

RtObject *rt_new_string(int32_t length, const RtType *string_type)
{
    const int32_t max_length = 0x3FFFFFDF; /* String.MaxLength of CoreCLR */
    if (RT_UNLIKELY((uint32_t)length > (uint32_t)max_length))
        rt_throw_kind(RT_THROW_OUT_OF_MEMORY);
    return new_with_elements(string_type, (uint32_t)length);
}
