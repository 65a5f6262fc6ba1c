/* Roots: statics, stacks, thread storage and handles.
 *
 * A handle is the address of its slot; the target is the slot's first word, so that the class library may read it
 * directly. Handle slots live in segments that are never given back. Reading a weak handle is one load: either it
 * happens before a collection, which then finds the target in the reader's registers, or after, and reads NULL.
 */
#include "heap.h"

enum { HANDLE_WEAK, HANDLE_WEAK_LONG, HANDLE_NORMAL, HANDLE_PINNED, HANDLE_DEPENDENT, HANDLE_FREE };
enum { SLOTS_PER_SEGMENT = 1024 };

typedef struct HandleSlot {
    _Atomic(RtObject *) target;
    _Atomic(RtObject *) dependent; /* of a dependent handle */
    struct HandleSlot *next_free;
    uint32_t kind;
} HandleSlot;

typedef struct HandleSegment {
    struct HandleSegment *next;
    uint32_t n_used; /* slots ever given out */
    HandleSlot slots[SLOTS_PER_SEGMENT];
} HandleSegment;

/* Under `lock`, taken with stopping held off. */
static struct {
    RtMutex lock;
    HandleSegment *segments;
    HandleSlot *free;
    uint32_t n_dependent; /* dependent handles in use */
} handles;

/* handles.lock is held. NULL: no memory. */
static HandleSlot *take_slot(void)
{
    HandleSlot *slot = handles.free;
    if (slot) {
        handles.free = slot->next_free;
        return slot;
    }
    HandleSegment *segment = handles.segments;
    if (!segment || segment->n_used == SLOTS_PER_SEGMENT) {
        segment = rt_map_pages(sizeof(HandleSegment));
        if (!segment)
            return NULL;
        segment->next = handles.segments;
        handles.segments = segment;
    }
    return &segment->slots[segment->n_used++];
}

static HandleSlot *new_slot(RtObject *target, RtObject *dependent, uint32_t kind)
{
    RtThread *self = rt_thread_self();
    rt_hold_off_stop(self);
    rt_mutex_lock(&handles.lock);
    HandleSlot *slot = take_slot();
    if (slot) {
        atomic_store_explicit(&slot->target, target, memory_order_relaxed);
        atomic_store_explicit(&slot->dependent, dependent, memory_order_relaxed);
        slot->kind = kind;
        handles.n_dependent += kind == HANDLE_DEPENDENT;
    }
    rt_mutex_unlock(&handles.lock);
    rt_allow_stop(self);
    if (!slot)
        rt_throw_kind(RT_THROW_OUT_OF_MEMORY);
    return slot;
}

static void free_slot(HandleSlot *slot)
{
    RtThread *self = rt_thread_self();
    rt_hold_off_stop(self);
    rt_mutex_lock(&handles.lock);
    assert(slot->kind != HANDLE_FREE);
    handles.n_dependent -= slot->kind == HANDLE_DEPENDENT;
    slot->kind = HANDLE_FREE;
    atomic_store_explicit(&slot->target, NULL, memory_order_relaxed);
    atomic_store_explicit(&slot->dependent, NULL, memory_order_relaxed);
    slot->next_free = handles.free;
    handles.free = slot;
    rt_mutex_unlock(&handles.lock);
    rt_allow_stop(self);
}

void *rt_handle_new(RtObject *target, int kind)
{
    assert(kind >= HANDLE_WEAK && kind <= HANDLE_PINNED);
    return new_slot(target, NULL, (uint32_t)kind);
}

RtObject *rt_handle_get(void *handle)
{
    return atomic_load(&((HandleSlot *)handle)->target);
}

void rt_handle_set(void *handle, RtObject *target)
{
    atomic_store(&((HandleSlot *)handle)->target, target);
}

RtObject *rt_handle_compare_exchange(void *handle, RtObject *target, RtObject *expected)
{
    atomic_compare_exchange_strong(&((HandleSlot *)handle)->target, &expected, target);
    return expected;
}

void rt_handle_free(void *handle)
{
    free_slot(handle);
}

void *rt_dependent_new(RtObject *target, RtObject *dependent)
{
    return new_slot(target, dependent, HANDLE_DEPENDENT);
}

RtObject *rt_dependent_target(void *handle)
{
    return rt_handle_get(handle);
}

/* The dependent is read after the target is in a register: while that is held neither word is cleared. */
RtObject *rt_dependent_get(void *handle, RtObject **dependent)
{
    HandleSlot *slot = handle;
    RtObject *target = atomic_load(&slot->target);
    *dependent = target ? atomic_load(&slot->dependent) : NULL;
    return target;
}

void rt_dependent_set_target_null(void *handle)
{
    HandleSlot *slot = handle;
    atomic_store(&slot->target, NULL);
    atomic_store(&slot->dependent, NULL);
}

void rt_dependent_set_dependent(void *handle, RtObject *dependent)
{
    atomic_store(&((HandleSlot *)handle)->dependent, dependent);
}

void rt_dependent_free(void *handle)
{
    free_slot(handle);
}

/* ---- for the collector; the world is stopped ---- */

#define FOR_EACH_SLOT(slot)                                                                                            \
    for (HandleSegment *segment = handles.segments; segment; segment = segment->next)                                 \
        for (HandleSlot *slot = segment->slots; slot < segment->slots + segment->n_used; slot++)

static void mark_words(const void *low, const void *high)
{
    rt_mark_conservative((const uintptr_t *)(((uintptr_t)low + 7) & ~(uintptr_t)7), high);
}

static void mark_thread(RtThread *thread, uintptr_t sp)
{
    mark_words(thread->saved_registers, (const char *)thread->saved_registers + sizeof thread->saved_registers);
    mark_words(&thread->argument, &thread->argument + 1);
    rt_mark_reference(thread->managed);
    if (thread->statics)
        mark_words(thread->statics, thread->statics + rt_thread_statics_bytes);
    if (sp)
        mark_words((const void *)sp, (const void *)thread->stack_high);
}

void rt_mark_roots(RtThread *self, uintptr_t self_sp)
{
    mark_words(__start_rt_statics, __stop_rt_statics);
    for (RtThread *thread = rt_world.threads; thread; thread = thread->next)
        mark_thread(thread, thread == self ? self_sp : thread->stopped_sp);
    FOR_EACH_SLOT(slot)
        if (slot->kind == HANDLE_NORMAL || slot->kind == HANDLE_PINNED)
            rt_mark_reference(atomic_load_explicit(&slot->target, memory_order_relaxed));
}

bool rt_mark_dependents(void)
{
    bool is_any_new = false;
    if (handles.n_dependent == 0)
        return false;
    FOR_EACH_SLOT(slot) {
        if (slot->kind != HANDLE_DEPENDENT)
            continue;
        RtObject *target = atomic_load_explicit(&slot->target, memory_order_relaxed);
        RtObject *dependent = atomic_load_explicit(&slot->dependent, memory_order_relaxed);
        if (target && rt_is_marked(target) && !rt_is_marked(dependent)) {
            rt_mark_reference(dependent);
            is_any_new = true;
        }
    }
    return is_any_new;
}

void rt_clear_weak_handles(int kind)
{
    FOR_EACH_SLOT(slot)
        if (slot->kind == (uint32_t)kind && !rt_is_marked(atomic_load_explicit(&slot->target, memory_order_relaxed)))
            atomic_store_explicit(&slot->target, NULL, memory_order_relaxed);
}

void rt_clear_dependent_handles(void)
{
    if (handles.n_dependent == 0)
        return;
    FOR_EACH_SLOT(slot) {
        if (slot->kind == HANDLE_DEPENDENT &&
            !rt_is_marked(atomic_load_explicit(&slot->target, memory_order_relaxed))) {
            atomic_store_explicit(&slot->target, NULL, memory_order_relaxed);
            atomic_store_explicit(&slot->dependent, NULL, memory_order_relaxed);
        }
    }
}
