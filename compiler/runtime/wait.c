/* Wait objects: events, semaphores and mutexes behind WaitHandle, waits for one, any or all of them, sleeping and
 * interrupting. Codes are those of Win32, which the class library's waiting is written against.
 *
 * One lock guards all wait objects. Whoever signals an object gives it straight to the first waiter that it satisfies,
 * so that a wait is first come, first served, and a wait for all takes all objects at one moment or none. A waiting
 * thread is blocked in the sense of heap.h; nothing here touches the collected heap.
 */
#include "heap.h"
#include <sched.h>
#include <stdlib.h>

enum { KIND_MANUAL_EVENT, KIND_AUTO_EVENT, KIND_SEMAPHORE, KIND_MUTEX };

typedef struct RtWaitObject {
    int kind;
    int32_t n_references;       /* the handle's, and one per waiting thread */
    int32_t count;              /* events: 0 or 1; semaphores: what is left; mutexes: how often the owner has it */
    int32_t max_count;          /* of a semaphore */
    RtThread *owner;            /* of a mutex */
    bool is_abandoned;          /* its last owner ended without releasing it */
    struct WaitNode *first, *last;
    struct RtWaitObject *next_owned; /* mutexes of the same owner */
} RtWaitObject;

/* One waiting thread at one object. */
typedef struct WaitNode {
    struct WaitNode *next, *previous;
    RtWaitObject *object;
    struct Wait *wait;
} WaitNode;

typedef struct Wait {
    RtThread *thread;
    uint32_t n_objects;
    bool wants_all;
    bool is_satisfied;
    int32_t result;
    WaitNode nodes[RT_WAIT_MAX_OBJECTS];
} Wait;

static RtMutex lock;

static RtWaitObject *new_object(int kind, int32_t count, int32_t max_count)
{
    RtWaitObject *object = calloc(1, sizeof(RtWaitObject));
    if (!object)
        return NULL;
    object->kind = kind;
    object->count = count;
    object->max_count = max_count;
    object->n_references = 1;
    return object;
}

/* lock is held. */
static void release_object(RtWaitObject *object)
{
    if (--object->n_references == 0)
        free(object);
}

static bool is_signalled_for(const RtWaitObject *object, const RtThread *thread)
{
    if (object->kind == KIND_MUTEX)
        return object->owner == NULL || object->owner == thread;
    return object->count > 0;
}

/* Returns whether the object was an abandoned mutex. */
static bool acquire(RtWaitObject *object, RtThread *thread)
{
    bool was_abandoned = false;
    switch (object->kind) {
    case KIND_AUTO_EVENT:
    case KIND_SEMAPHORE:
        object->count--;
        break;
    case KIND_MUTEX:
        if (object->owner == NULL) {
            object->owner = thread;
            object->next_owned = thread->owned_mutexes;
            thread->owned_mutexes = object;
            was_abandoned = object->is_abandoned;
            object->is_abandoned = false;
        }
        object->count++;
        break;
    default:
        break;
    }
    return was_abandoned;
}

/* Takes what `wait` asks for when it is there; its result is then set. */
static bool try_satisfy(Wait *wait)
{
    bool is_any_abandoned = false;
    uint32_t index = 0;
    if (wait->wants_all) {
        for (uint32_t i = 0; i < wait->n_objects; i++)
            if (!is_signalled_for(wait->nodes[i].object, wait->thread))
                return false;
        for (uint32_t i = 0; i < wait->n_objects; i++)
            is_any_abandoned |= acquire(wait->nodes[i].object, wait->thread);
    } else {
        while (index < wait->n_objects && !is_signalled_for(wait->nodes[index].object, wait->thread))
            index++;
        if (index == wait->n_objects)
            return false;
        is_any_abandoned = acquire(wait->nodes[index].object, wait->thread);
    }
    wait->is_satisfied = true;
    wait->result = (is_any_abandoned ? RT_WAIT_ABANDONED_0 : RT_WAIT_OBJECT_0) + (int32_t)index;
    return true;
}

static void enqueue(Wait *wait)
{
    for (uint32_t i = 0; i < wait->n_objects; i++) {
        WaitNode *node = &wait->nodes[i];
        RtWaitObject *object = node->object;
        node->next = NULL;
        node->previous = object->last;
        if (object->last)
            object->last->next = node;
        else
            object->first = node;
        object->last = node;
    }
}

static void dequeue(Wait *wait)
{
    for (uint32_t i = 0; i < wait->n_objects; i++) {
        WaitNode *node = &wait->nodes[i];
        if (node->previous)
            node->previous->next = node->next;
        else
            node->object->first = node->next;
        if (node->next)
            node->next->previous = node->previous;
        else
            node->object->last = node->previous;
    }
}

/* lock is held: gives a signalled object to those who wait for it, in order. */
static void serve_waiters(RtWaitObject *object)
{
    WaitNode *node = object->first;
    while (node && (object->kind == KIND_MUTEX ? object->owner == NULL : object->count > 0)) {
        WaitNode *next = node->next;
        Wait *wait = node->wait;
        if (try_satisfy(wait)) {
            while (next && next->wait == wait)
                next = next->next;
            dequeue(wait);
            atomic_store(&wait->thread->wake, 1);
            rt_futex_wake(&wait->thread->wake, 1);
        }
        node = next;
    }
}

static bool take_interrupt(RtThread *self)
{
    return atomic_exchange(&self->is_interrupted, false);
}

/* Sleeps until the thread's wake word is set. lock is held on entry and on return. */
static void sleep_until_woken(RtThread *self, int64_t deadline_ns)
{
    bool has_time = true;
    self->is_alertable_wait = true;
    rt_mutex_unlock(&lock);
    while (!atomic_load(&self->wake) && has_time)
        has_time = rt_futex_wait(&self->wake, 0, deadline_ns);
    rt_mutex_lock(&lock);
    self->is_alertable_wait = false;
}

/* lock is held on entry and on return; the thread is blocked. */
static int32_t wait_locked(Wait *wait, int32_t timeout_ms)
{
    RtThread *self = wait->thread;
    if (take_interrupt(self))
        return RT_WAIT_INTERRUPTED;
    if (try_satisfy(wait))
        return wait->result;
    if (timeout_ms == 0)
        return RT_WAIT_TIMEOUT;
    int64_t deadline = rt_deadline_after_ms(timeout_ms);
    atomic_store(&self->wake, 0);
    enqueue(wait);
    for (uint32_t i = 0; i < wait->n_objects; i++)
        wait->nodes[i].object->n_references++;
    sleep_until_woken(self, deadline);
    int32_t result = wait->result;
    if (!wait->is_satisfied) {
        dequeue(wait);
        result = take_interrupt(self) ? RT_WAIT_INTERRUPTED : RT_WAIT_TIMEOUT;
    }
    for (uint32_t i = 0; i < wait->n_objects; i++)
        release_object(wait->nodes[i].object);
    return result;
}

static bool prepare(Wait *wait, RtThread *self, void *const *objects, uint32_t n_objects, bool wants_all)
{
    if (n_objects == 0 || n_objects > RT_WAIT_MAX_OBJECTS)
        return false;
    wait->thread = self;
    wait->n_objects = n_objects;
    wait->wants_all = wants_all;
    wait->is_satisfied = false;
    wait->result = RT_WAIT_FAILED;
    for (uint32_t i = 0; i < n_objects; i++)
        wait->nodes[i] = (WaitNode){.object = objects[i], .wait = wait};
    return true;
}

int32_t rt_wait_multiple(void *const *objects, uint32_t n_objects, bool wants_all, int32_t timeout_ms)
{
    RtThread *self = rt_thread_self();
    Wait wait;
    if (!prepare(&wait, self, objects, n_objects, wants_all))
        return RT_WAIT_FAILED;
    rt_thread_enter_blocked(self);
    rt_mutex_lock(&lock);
    int32_t result = wait_locked(&wait, timeout_ms);
    rt_mutex_unlock(&lock);
    rt_thread_leave_blocked(self);
    return result;
}

int32_t rt_wait_one(void *object, int32_t timeout_ms)
{
    return rt_wait_multiple(&object, 1, false, timeout_ms);
}

/* ---- signalling ---- */

void *rt_wait_event_new(bool is_manual_reset, bool is_signalled)
{
    return new_object(is_manual_reset ? KIND_MANUAL_EVENT : KIND_AUTO_EVENT, is_signalled, 1);
}

void *rt_wait_semaphore_new(int32_t count, int32_t max_count)
{
    return new_object(KIND_SEMAPHORE, count, max_count);
}

void *rt_wait_mutex_new(bool is_owned)
{
    RtWaitObject *mutex = new_object(KIND_MUTEX, 0, 1);
    if (mutex && is_owned)
        rt_wait_one(mutex, 0);
    return mutex;
}

static void set_event(RtWaitObject *event)
{
    event->count = 1;
    serve_waiters(event);
}

static bool add_to_semaphore(RtWaitObject *semaphore, int32_t count, int32_t *previous)
{
    if (count <= 0 || count > semaphore->max_count - semaphore->count)
        return false;
    if (previous)
        *previous = semaphore->count;
    semaphore->count += count;
    serve_waiters(semaphore);
    return true;
}

static void unlink_owned(RtWaitObject *mutex)
{
    RtWaitObject **link = &mutex->owner->owned_mutexes;
    while (*link != mutex)
        link = &(*link)->next_owned;
    *link = mutex->next_owned;
    mutex->owner = NULL;
    mutex->count = 0;
}

static bool give_back_mutex(RtWaitObject *mutex, RtThread *self)
{
    if (mutex->owner != self)
        return false;
    if (--mutex->count == 0) {
        unlink_owned(mutex);
        serve_waiters(mutex);
    }
    return true;
}

void rt_wait_event_set(void *event)
{
    rt_mutex_lock(&lock);
    assert(((RtWaitObject *)event)->kind <= KIND_AUTO_EVENT);
    set_event(event);
    rt_mutex_unlock(&lock);
}

void rt_wait_event_reset(void *event)
{
    rt_mutex_lock(&lock);
    ((RtWaitObject *)event)->count = 0;
    rt_mutex_unlock(&lock);
}

bool rt_wait_semaphore_release(void *semaphore, int32_t count, int32_t *previous)
{
    rt_mutex_lock(&lock);
    bool is_released = add_to_semaphore(semaphore, count, previous);
    rt_mutex_unlock(&lock);
    return is_released;
}

bool rt_wait_mutex_release(void *mutex)
{
    RtThread *self = rt_thread_self();
    rt_mutex_lock(&lock);
    bool is_released = give_back_mutex(mutex, self);
    rt_mutex_unlock(&lock);
    return is_released;
}

void rt_wait_close(void *handle)
{
    RtWaitObject *object = handle;
    rt_mutex_lock(&lock);
    if (object->n_references == 1 && object->kind == KIND_MUTEX && object->owner)
        unlink_owned(object);
    release_object(object);
    rt_mutex_unlock(&lock);
}

/* lock is held. */
static int32_t signal_object(RtWaitObject *object, RtThread *self)
{
    switch (object->kind) {
    case KIND_SEMAPHORE:
        return add_to_semaphore(object, 1, NULL) ? RT_WAIT_OBJECT_0 : RT_WAIT_TOO_MANY_POSTS;
    case KIND_MUTEX:
        return give_back_mutex(object, self) ? RT_WAIT_OBJECT_0 : RT_WAIT_NOT_OWNER;
    default:
        set_event(object);
        return RT_WAIT_OBJECT_0;
    }
}

int32_t rt_wait_signal_and_wait(void *to_signal, void *to_wait_on, int32_t timeout_ms)
{
    RtThread *self = rt_thread_self();
    Wait wait;
    prepare(&wait, self, &to_wait_on, 1, false);
    rt_thread_enter_blocked(self);
    rt_mutex_lock(&lock);
    int32_t result = signal_object(to_signal, self);
    if (result == RT_WAIT_OBJECT_0)
        result = wait_locked(&wait, timeout_ms);
    rt_mutex_unlock(&lock);
    rt_thread_leave_blocked(self);
    return result;
}

void rt_wait_abandon_mutexes(RtThread *self)
{
    rt_mutex_lock(&lock);
    while (self->owned_mutexes) {
        RtWaitObject *mutex = self->owned_mutexes;
        unlink_owned(mutex);
        mutex->is_abandoned = true;
        serve_waiters(mutex);
    }
    rt_mutex_unlock(&lock);
}

/* ---- sleeping and interrupting ---- */

bool rt_thread_sleep(int32_t timeout_ms)
{
    RtThread *self = rt_thread_self();
    rt_thread_enter_blocked(self);
    bool is_interrupted = take_interrupt(self);
    if (!is_interrupted && timeout_ms == 0) {
        sched_yield();
    } else if (!is_interrupted) {
        int64_t deadline = rt_deadline_after_ms(timeout_ms);
        rt_mutex_lock(&lock);
        atomic_store(&self->wake, 0);
        sleep_until_woken(self, deadline);
        rt_mutex_unlock(&lock);
        is_interrupted = take_interrupt(self);
    }
    rt_thread_leave_blocked(self);
    return !is_interrupted;
}

/* For monitor.c: as a wait for an object that only rt_wait_wake signals. The thread is blocked, *wake was set to 0
 * before others could see it. */
int32_t rt_wait_for_wake(RtThread *self, int64_t deadline_ns)
{
    rt_mutex_lock(&lock);
    if (!atomic_load(&self->is_interrupted))
        sleep_until_woken(self, deadline_ns);
    rt_mutex_unlock(&lock);
    return take_interrupt(self) ? RT_WAIT_INTERRUPTED : RT_WAIT_OBJECT_0;
}

void rt_thread_interrupt(RtThread *thread)
{
    rt_mutex_lock(&lock);
    atomic_store(&thread->is_interrupted, true);
    if (thread->is_alertable_wait) {
        atomic_store(&thread->wake, 1);
        rt_futex_wake(&thread->wake, 1);
    }
    rt_mutex_unlock(&lock);
    /* The word of a monitor is no word of the thread's own: it may be about to sleep on it, so that one wake can be lost. */
    RtFutex *entering;
    while ((entering = atomic_load(&thread->entering)) && atomic_load(&thread->is_interrupted)) {
        rt_futex_wake(entering, INT32_MAX);
        sched_yield();
    }
}
