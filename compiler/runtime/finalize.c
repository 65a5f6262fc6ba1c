/* Finalizers: which objects have one to run, the queue of those that died, and the thread that runs them.
 *
 * An object is registered when it is allocated. When a collection finds it unreachable it goes to the queue, alive once
 * more with all that it refers to, until the finalizer thread has called its finalizer. RT_SYNC_FINALIZER_RUN in the
 * sync word says that its finalizer is not to be called (suppressed).
 */
#include "heap.h"

/* Objects ever queued and finalizers ever finished, modulo 2^32; equal when nothing is pending. */
static struct {
    RtFutex n_queued;
    RtFutex n_done;
    _Atomic bool is_started;
    _Atomic int32_t id; /* of the finalizer thread */
} finalizer;

bool rt_finalizer_register(RtThread *self, RtObject *object)
{
    rt_hold_off_stop(self);
    rt_mutex_lock(&rt_heap.finalize_lock);
    bool has_room = rt_vector_push(&rt_heap.finalizable, (uintptr_t)object);
    rt_mutex_unlock(&rt_heap.finalize_lock);
    rt_allow_stop(self);
    return has_room;
}

void rt_finalizer_mark_queue(void)
{
    RtHeap *heap = &rt_heap;
    for (size_t i = heap->finalize_head; i < heap->finalize_queue.n; i++)
        rt_mark_reference((RtObject *)heap->finalize_queue.items[i]);
}

void rt_finalizer_scan(void)
{
    RtHeap *heap = &rt_heap;
    RtVector *registered = &heap->finalizable;
    size_t n_kept = 0;
    for (size_t i = 0; i < registered->n; i++) {
        RtObject *object = (RtObject *)registered->items[i];
        if (rt_is_marked(object)) {
            registered->items[n_kept++] = registered->items[i];
        } else if (atomic_load(rt_sync_word(object)) & RT_SYNC_FINALIZER_RUN) {
            continue;
        } else if (rt_vector_push(&heap->finalize_queue, (uintptr_t)object)) {
            atomic_fetch_add(&finalizer.n_queued, 1);
        } else {
            registered->items[n_kept++] = registered->items[i]; /* no memory: it stays alive until the next time */
        }
    }
    registered->n = n_kept;
    rt_finalizer_mark_queue();
    for (size_t i = 0; i < registered->n; i++)
        rt_mark_reference((RtObject *)registered->items[i]);
}

/* The next object to finalize; NULL when the queue is empty. */
static RtObject *take_from_queue(RtThread *self)
{
    RtHeap *heap = &rt_heap;
    RtObject *object = NULL;
    rt_hold_off_stop(self);
    rt_mutex_lock(&heap->finalize_lock);
    if (heap->finalize_head < heap->finalize_queue.n)
        object = (RtObject *)heap->finalize_queue.items[heap->finalize_head++];
    if (heap->finalize_head == heap->finalize_queue.n)
        heap->finalize_head = heap->finalize_queue.n = 0;
    rt_mutex_unlock(&heap->finalize_lock);
    rt_allow_stop(self);
    return object;
}

static __attribute__((noinline)) bool finalize_one(RtThread *self)
{
    RtObject *object = take_from_queue(self);
    if (!object)
        return false;
    if (!(atomic_load(rt_sync_word(object)) & RT_SYNC_FINALIZER_RUN) && object->type->aux->finalizer)
        object->type->aux->finalizer(object);
    return true;
}

static void run_finalizers(void *argument)
{
    (void)argument;
    RtThread *self = rt_thread_self();
    for (;;) {
        while (finalize_one(self)) {
            atomic_fetch_add(&finalizer.n_done, 1);
            rt_futex_wake(&finalizer.n_done, INT32_MAX);
        }
        rt_thread_enter_blocked(self);
        uint32_t n_done = atomic_load(&finalizer.n_done);
        while (atomic_load(&finalizer.n_queued) == n_done)
            rt_futex_wait(&finalizer.n_queued, n_done, RT_NO_DEADLINE);
        rt_thread_leave_blocked(self);
    }
}

void rt_finalizer_wake(void)
{
    if (atomic_load(&finalizer.n_queued) == atomic_load(&finalizer.n_done))
        return;
    if (!atomic_exchange(&finalizer.is_started, true)) {
        RtThread *thread = rt_thread_create(run_finalizers, NULL, 0);
        if (!thread)
            rt_fail_fast("the finalizer thread cannot be started");
        atomic_store(&finalizer.id, rt_thread_id(thread));
        rt_thread_set_name(thread, ".NET Finalizer");
        rt_thread_release(thread);
    }
    rt_futex_wake(&finalizer.n_queued, 1);
}

void rt_gc_wait_for_pending_finalizers(void)
{
    RtThread *self = rt_thread_self();
    if (rt_thread_id(self) == atomic_load(&finalizer.id))
        return;
    uint32_t target = atomic_load(&finalizer.n_queued);
    rt_thread_enter_blocked(self);
    uint32_t n_done;
    while ((int32_t)(target - (n_done = atomic_load(&finalizer.n_done))) > 0)
        rt_futex_wait(&finalizer.n_done, n_done, RT_NO_DEADLINE);
    rt_thread_leave_blocked(self);
}

void rt_gc_suppress_finalize(RtObject *object)
{
    if (object->type->flags & RT_FLAG_HAS_FINALIZER)
        atomic_fetch_or(rt_sync_word(object), RT_SYNC_FINALIZER_RUN);
}

void rt_gc_reregister_finalize(RtObject *object)
{
    if (!(object->type->flags & RT_FLAG_HAS_FINALIZER))
        return;
    uint32_t before = atomic_fetch_and(rt_sync_word(object), ~RT_SYNC_FINALIZER_RUN);
    if (!(before & RT_SYNC_FINALIZER_RUN) && !rt_finalizer_register(rt_thread_self(), object))
        rt_throw_kind(RT_THROW_OUT_OF_MEMORY);
}
