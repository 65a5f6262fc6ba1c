/* The collection: stop the world, mark, weak references, finalizers, account, let go. Sweeping is lazy, in alloc.c.
 *
 * A collection runs on the thread that asked for it, which holds rt_world.lock throughout. It may interrupt other
 * threads inside malloc, so it takes its own memory from the system.
 */
#include "heap.h"
#include <stdlib.h>

#define MIN_THRESHOLD_BYTES ((size_t)8 << 20)

static uint32_t count_from_environment(const char *name)
{
    const char *text = getenv(name);
    return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

void rt_gc_init(void)
{
    RtHeap *heap = &rt_heap;
    rt_heap_reserve();
    heap->threshold = MIN_THRESHOLD_BYTES;
    heap->stress_interval = count_from_environment("RT_GC_STRESS");
    heap->verify = count_from_environment("RT_VERIFY_HEAP") != 0;
    rt_thread_init();
    rt_thread_attach();
}

/* Everything reachable, in the order that weak references and finalizers ask for. */
static __attribute__((noinline)) void mark(RtThread *self)
{
    rt_mark_begin();
    rt_mark_roots(self, (uintptr_t)__builtin_frame_address(0)); /* the caller's frame holds its registers */
    rt_finalizer_mark_queue();
    rt_mark_drain();
    while (rt_mark_dependents())
        rt_mark_drain();
    rt_clear_weak_handles(0);
    rt_finalizer_scan();
    rt_mark_drain();
    while (rt_mark_dependents())
        rt_mark_drain();
    rt_clear_weak_handles(1);
    rt_clear_dependent_handles();
    rt_monitor_sweep();
    rt_mark_end();
}

static void account(void)
{
    RtHeap *heap = &rt_heap;
    for (RtThread *thread = rt_world.threads; thread; thread = thread->next) {
        heap->allocated_before += thread->allocated_bytes - thread->reported_bytes;
        thread->reported_bytes = thread->allocated_bytes;
    }
    heap->allocated_before += (uint64_t)atomic_exchange(&heap->allocated_since, 0);
    size_t threshold = heap->live_bytes > MIN_THRESHOLD_BYTES ? heap->live_bytes : MIN_THRESHOLD_BYTES;
    heap->threshold = (int64_t)threshold;
    size_t n_needed_blocks = (heap->live_bytes + threshold) / RT_BLOCK_BYTES;
    if (heap->n_blocks > 2 * n_needed_blocks)
        rt_trim_blocks(n_needed_blocks * 3 / 2);
}

static __attribute__((noinline)) void collect(RtThread *self)
{
    RtHeap *heap = &rt_heap;
    uintptr_t registers[20];
    rt_save_registers(registers);
    int64_t start = rt_now_ns();
    rt_world_stop(self);
    rt_sweep_rest();
    if (heap->verify)
        rt_verify_swept();
    mark(self);
    __asm__ volatile("" : : "r"(registers) : "memory"); /* in this frame until here */
    if (heap->verify)
        rt_verify_heap();
    rt_large_sweep();
    rt_holes_after_marking();
    account();
    atomic_fetch_add(&heap->n_collections, 1);
    rt_world_resume();
    int64_t pause = rt_now_ns() - start;
    heap->pause_ns_total += pause;
    if (pause > heap->pause_ns_max)
        heap->pause_ns_max = pause;
}

void rt_gc_collect_since(uint32_t n_seen)
{
    RtThread *self = rt_thread_self();
    assert(self->no_stop_depth == 0);
    rt_mutex_lock(&rt_world.lock);
    if (atomic_load(&rt_heap.n_collections) == n_seen)
        collect(self);
    rt_mutex_unlock(&rt_world.lock);
    rt_finalizer_wake();
}

void rt_gc_collect(int generation)
{
    (void)generation; /* there is one generation */
    RtThread *self = rt_thread_self();
    rt_mutex_lock(&rt_world.lock);
    collect(self);
    rt_mutex_unlock(&rt_world.lock);
    rt_finalizer_wake();
}

int64_t rt_gc_total_allocated_bytes(void)
{
    const RtHeap *heap = &rt_heap;
    RtThread *self = rt_thread_self();
    uint64_t unreported = (uint64_t)rt_gc_thread_allocated_bytes() - self->reported_bytes;
    return (int64_t)(heap->allocated_before + unreported) + atomic_load(&heap->allocated_since);
}

int64_t rt_gc_thread_allocated_bytes(void)
{
    RtThread *self = rt_thread_self();
    const RtHole *small = &self->allocator->small.hole;
    uint64_t left = small->end - small->bump;
    for (int i = 0; i < RT_N_MEDIUM; i++)
        left += self->medium[i].hole.end - self->medium[i].hole.bump;
    return (int64_t)(self->allocated_bytes - left);
}

int64_t rt_gc_heap_bytes(void)
{
    return (int64_t)rt_heap.live_bytes + atomic_load(&rt_heap.allocated_since);
}

int32_t rt_gc_count(int generation)
{
    (void)generation;
    return (int32_t)atomic_load(&rt_heap.n_collections);
}

int64_t rt_gc_pause_ns(bool longest)
{
    return longest ? rt_heap.pause_ns_max : rt_heap.pause_ns_total;
}

bool rt_gc_is_heap_object(const void *pointer)
{
    return rt_in_small_space((uintptr_t)pointer) || rt_in_large_space((uintptr_t)pointer);
}
