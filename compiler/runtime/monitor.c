/* Monitors and identity hash codes over the sync word, with CoreCLR's bits.
 *
 *   0x40000000  finalizer suppressed (finalize.c)
 *   0x08000000  the low 26 bits are a hash code (0x04000000 set) or the index of a monitor (clear)
 *   otherwise   low 16 bits: id of the thread that holds the thin lock, 0 free; 0x003F0000: how often more it holds it
 *
 * A thin lock inflates to a monitor of the table below when two threads meet, when it is waited on, when it has to be
 * held too often, or when lock and hash code meet. A monitor stays with its object until the object dies; the
 * collector then takes it back (rt_monitor_sweep). The word is only changed by compare and swap, except that inflating
 * a lock held by another thread is the same: the holder finds its own swap failing and looks again.
 */
#include "heap.h"
#include <sys/mman.h>

#define SYNC_IS_HASH_OR_INDEX UINT32_C(0x08000000)
#define SYNC_IS_HASH UINT32_C(0x04000000)
#define SYNC_KEPT_BITS UINT32_C(0xF0000000)
#define SYNC_VALUE_MASK UINT32_C(0x03FFFFFF)
#define SYNC_OWNER_MASK UINT32_C(0x0000FFFF)
#define SYNC_RECURSION_ONE UINT32_C(0x00010000)
#define SYNC_RECURSION_MASK UINT32_C(0x003F0000)

enum { MAX_MONITORS = 1 << 22, SPINS_BEFORE_BLOCKING = 200 };

/* One thread in Monitor.Wait, on its own stack. In the queue of its monitor, which only the owner changes. */
typedef struct MonitorWaiter {
    struct MonitorWaiter *next;
    RtThread *thread;
    bool is_pulsed;
} MonitorWaiter;

typedef struct Monitor {
    RtFutex owner;             /* thread id; 0 free */
    RtFutex n_blocked;         /* threads that sleep, or are about to, until owner is 0 */
    uint32_t n_times;          /* how often the owner holds it */
    RtFutex hash;              /* 0: none yet */
    RtObject *object;          /* weak */
    MonitorWaiter *first_waiter, *last_waiter;
    uint32_t next_free;
} Monitor;

/* Under `lock`, taken with stopping held off. Index 0 is not used. */
static struct {
    RtMutex lock;
    Monitor *table; /* MAX_MONITORS reserved; the kernel provides memory as it is touched */
    uint32_t n_used;
    uint32_t first_free;
} monitors = {.n_used = 1};

static bool is_index(uint32_t word)
{
    return (word & (SYNC_IS_HASH_OR_INDEX | SYNC_IS_HASH)) == SYNC_IS_HASH_OR_INDEX;
}

static bool is_hash(uint32_t word)
{
    const uint32_t both = SYNC_IS_HASH_OR_INDEX | SYNC_IS_HASH;
    return (word & both) == both;
}

static Monitor *monitor_of(uint32_t word)
{
    assert(is_index(word) && (word & SYNC_VALUE_MASK) < monitors.n_used);
    return &monitors.table[word & SYNC_VALUE_MASK];
}

/* monitors.lock is held. 0: no memory. */
static uint32_t take_index(void)
{
    if (!monitors.table) {
        void *table = mmap(NULL, MAX_MONITORS * sizeof(Monitor), PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (table == MAP_FAILED)
            return 0;
        monitors.table = table;
    }
    uint32_t index = monitors.first_free;
    if (index)
        monitors.first_free = monitors.table[index].next_free;
    else if (monitors.n_used < MAX_MONITORS)
        index = monitors.n_used++;
    return index;
}

/* Replaces the sync word by the index of a monitor in the same state. Fails when the word is no longer `word`. */
static bool try_inflate(RtThread *self, RtObject *object, uint32_t word)
{
    rt_hold_off_stop(self);
    rt_mutex_lock(&monitors.lock);
    uint32_t index = take_index();
    bool is_swapped = false;
    if (index) {
        Monitor *monitor = &monitors.table[index];
        *monitor = (Monitor){.object = object};
        if (is_hash(word)) {
            monitor->hash = word & SYNC_VALUE_MASK;
        } else if (word & SYNC_OWNER_MASK) {
            monitor->owner = word & SYNC_OWNER_MASK;
            monitor->n_times = (word & SYNC_RECURSION_MASK) / SYNC_RECURSION_ONE + 1;
        }
        uint32_t inflated = (word & SYNC_KEPT_BITS) | SYNC_IS_HASH_OR_INDEX | index;
        is_swapped = atomic_compare_exchange_strong(rt_sync_word(object), &word, inflated);
        if (!is_swapped) {
            monitor->object = NULL;
            monitor->next_free = monitors.first_free;
            monitors.first_free = index;
        }
    }
    rt_mutex_unlock(&monitors.lock);
    rt_allow_stop(self);
    if (!index)
        rt_throw_kind(RT_THROW_OUT_OF_MEMORY);
    return is_swapped;
}

static Monitor *inflate(RtThread *self, RtObject *object)
{
    for (;;) {
        uint32_t word = atomic_load(rt_sync_word(object));
        if (is_index(word))
            return monitor_of(word);
        try_inflate(self, object, word);
    }
}

/* ---- the inflated lock ---- */

static _Atomic int64_t n_contentions;

int64_t rt_monitor_contentions(void)
{
    return atomic_load_explicit(&n_contentions, memory_order_relaxed);
}

static bool monitor_try_take(Monitor *monitor, uint32_t id)
{
    uint32_t free = 0;
    if (!atomic_compare_exchange_strong(&monitor->owner, &free, id))
        return false;
    monitor->n_times = 1;
    return true;
}

/* Spins a little, then sleeps while the monitor is held. RT_WAIT_OBJECT_0, _TIMEOUT or, when alertable, _INTERRUPTED. */
static int32_t monitor_take(RtThread *self, Monitor *monitor, int64_t deadline_ns, bool is_alertable)
{
    uint32_t id = (uint32_t)self->id;
    for (int n_spins = 0; n_spins < SPINS_BEFORE_BLOCKING; n_spins++) {
        if (atomic_load_explicit(&monitor->owner, memory_order_relaxed) == 0 && monitor_try_take(monitor, id))
            return RT_WAIT_OBJECT_0;
        rt_cpu_relax();
    }
    bool is_taken, is_interrupted = false, has_time = true;
    atomic_fetch_add_explicit(&n_contentions, 1, memory_order_relaxed);
    rt_thread_enter_blocked(self);
    atomic_fetch_add(&monitor->n_blocked, 1);
    atomic_store(&self->entering, is_alertable ? &monitor->owner : NULL);
    while (!(is_taken = monitor_try_take(monitor, id)) && has_time) {
        if (is_alertable && (is_interrupted = atomic_exchange(&self->is_interrupted, false)))
            break;
        uint32_t owner = atomic_load(&monitor->owner);
        if (owner)
            has_time = rt_futex_wait(&monitor->owner, owner, deadline_ns);
    }
    atomic_store(&self->entering, NULL);
    atomic_fetch_sub(&monitor->n_blocked, 1);
    rt_thread_leave_blocked(self);
    return is_taken ? RT_WAIT_OBJECT_0 : is_interrupted ? RT_WAIT_INTERRUPTED : RT_WAIT_TIMEOUT;
}

static int32_t monitor_enter(RtThread *self, Monitor *monitor, int32_t timeout_ms, bool is_alertable)
{
    uint32_t id = (uint32_t)self->id;
    if (atomic_load_explicit(&monitor->owner, memory_order_relaxed) == id) {
        monitor->n_times++;
        return RT_WAIT_OBJECT_0;
    }
    if (monitor_try_take(monitor, id))
        return RT_WAIT_OBJECT_0;
    return timeout_ms == 0 ? RT_WAIT_TIMEOUT : monitor_take(self, monitor, rt_deadline_after_ms(timeout_ms), is_alertable);
}

static void monitor_let_go(Monitor *monitor)
{
    atomic_store(&monitor->owner, 0);
    if (atomic_load(&monitor->n_blocked))
        rt_futex_wake(&monitor->owner, 1);
}

/* ---- entering and leaving ---- */

static __attribute__((noinline)) int32_t enter_slowly(RtThread *self, RtObject *object, int32_t timeout_ms, bool is_alertable)
{
    _Atomic uint32_t *sync = rt_sync_word(object);
    uint32_t id = (uint32_t)self->id;
    for (int n_spins = 0;;) {
        uint32_t word = atomic_load_explicit(sync, memory_order_relaxed);
        if (is_index(word))
            return monitor_enter(self, monitor_of(word), timeout_ms, is_alertable);
        uint32_t owner = word & SYNC_OWNER_MASK;
        bool is_thin = !is_hash(word) && id <= SYNC_OWNER_MASK;
        if (is_thin && owner == 0) {
            if (atomic_compare_exchange_weak(sync, &word, word | id))
                return RT_WAIT_OBJECT_0;
        } else if (is_thin && owner == id && (word & SYNC_RECURSION_MASK) != SYNC_RECURSION_MASK) {
            if (atomic_compare_exchange_weak(sync, &word, word + SYNC_RECURSION_ONE))
                return RT_WAIT_OBJECT_0;
        } else if (is_thin && owner != id && timeout_ms == 0) {
            return RT_WAIT_TIMEOUT;
        } else if (is_thin && owner != id && n_spins < SPINS_BEFORE_BLOCKING) {
            n_spins++;
            rt_cpu_relax();
        } else {
            try_inflate(self, object, word);
        }
    }
}

static inline int32_t enter(RtObject *object, int32_t timeout_ms, bool is_alertable)
{
    if (RT_UNLIKELY(!object))
        rt_throw_kind(RT_THROW_ARGUMENT_NULL);
    RtThread *self = rt_thread_self();
    _Atomic uint32_t *sync = rt_sync_word(object);
    uint32_t word = atomic_load_explicit(sync, memory_order_relaxed);
    if (RT_LIKELY(!(word & (SYNC_IS_HASH_OR_INDEX | SYNC_OWNER_MASK)) && (uint32_t)self->id <= SYNC_OWNER_MASK) &&
        RT_LIKELY(atomic_compare_exchange_strong_explicit(sync, &word, word | (uint32_t)self->id, memory_order_acquire,
                                                          memory_order_relaxed)))
        return RT_WAIT_OBJECT_0;
    return enter_slowly(self, object, timeout_ms, is_alertable);
}

bool rt_monitor_try_enter(RtObject *object, int32_t timeout_ms)
{
    return enter(object, timeout_ms, false) == RT_WAIT_OBJECT_0;
}

int32_t rt_monitor_enter_code(RtObject *object, int32_t timeout_ms)
{
    return enter(object, timeout_ms, true);
}

void rt_monitor_enter(RtObject *object)
{
    enter(object, -1, false);
}

void rt_monitor_exit(RtObject *object)
{
    if (RT_UNLIKELY(!object))
        rt_throw_kind(RT_THROW_ARGUMENT_NULL);
    uint32_t id = (uint32_t)rt_thread_self()->id;
    _Atomic uint32_t *sync = rt_sync_word(object);
    uint32_t word = atomic_load_explicit(sync, memory_order_relaxed);
    while (!(word & SYNC_IS_HASH_OR_INDEX)) {
        if ((word & SYNC_OWNER_MASK) != id)
            rt_throw_kind(RT_THROW_SYNCHRONIZATION_LOCK);
        uint32_t after = word & SYNC_RECURSION_MASK ? word - SYNC_RECURSION_ONE : word & ~SYNC_OWNER_MASK;
        if (atomic_compare_exchange_weak_explicit(sync, &word, after, memory_order_release, memory_order_relaxed))
            return;
    }
    if (is_hash(word))
        rt_throw_kind(RT_THROW_SYNCHRONIZATION_LOCK);
    Monitor *monitor = monitor_of(word);
    if (atomic_load_explicit(&monitor->owner, memory_order_relaxed) != id)
        rt_throw_kind(RT_THROW_SYNCHRONIZATION_LOCK);
    if (--monitor->n_times == 0)
        monitor_let_go(monitor);
}

bool rt_monitor_is_entered(RtObject *object)
{
    if (!object)
        rt_throw_kind(RT_THROW_ARGUMENT_NULL);
    uint32_t id = (uint32_t)rt_thread_self()->id;
    uint32_t word = atomic_load(rt_sync_word(object));
    if (is_index(word))
        return atomic_load(&monitor_of(word)->owner) == id;
    return !is_hash(word) && (word & SYNC_OWNER_MASK) == id;
}

/* ---- waiting and pulsing ---- */

/* The monitor of an object that the caller holds. */
static Monitor *held_monitor(RtThread *self, RtObject *object)
{
    if (!rt_monitor_is_entered(object))
        rt_throw_kind(RT_THROW_SYNCHRONIZATION_LOCK);
    return inflate(self, object);
}

static void append_waiter(Monitor *monitor, MonitorWaiter *waiter)
{
    if (monitor->last_waiter)
        monitor->last_waiter->next = waiter;
    else
        monitor->first_waiter = waiter;
    monitor->last_waiter = waiter;
}

static void remove_waiter(Monitor *monitor, MonitorWaiter *waiter)
{
    MonitorWaiter *previous = NULL;
    for (MonitorWaiter *at = monitor->first_waiter; at != waiter; at = at->next)
        previous = at;
    if (previous)
        previous->next = waiter->next;
    else
        monitor->first_waiter = waiter->next;
    if (monitor->last_waiter == waiter)
        monitor->last_waiter = previous;
}

int32_t rt_monitor_wait_code(RtObject *object, int32_t timeout_ms)
{
    RtThread *self = rt_thread_self();
    Monitor *monitor = held_monitor(self, object);
    MonitorWaiter waiter = {.thread = self};
    uint32_t n_times = monitor->n_times;
    int64_t deadline = rt_deadline_after_ms(timeout_ms);
    atomic_store(&self->wake, 0);
    append_waiter(monitor, &waiter);
    monitor_let_go(monitor);
    rt_thread_enter_blocked(self);
    int32_t code = rt_wait_for_wake(self, deadline);
    rt_thread_leave_blocked(self);
    monitor_take(self, monitor, RT_NO_DEADLINE, false);
    monitor->n_times = n_times;
    if (!waiter.is_pulsed) {
        remove_waiter(monitor, &waiter);
        return code == RT_WAIT_INTERRUPTED ? code : RT_WAIT_TIMEOUT;
    }
    return code;
}

bool rt_monitor_wait(RtObject *object, int32_t timeout_ms)
{
    return rt_monitor_wait_code(object, timeout_ms) == RT_WAIT_OBJECT_0;
}

static bool pulse_first(Monitor *monitor)
{
    MonitorWaiter *waiter = monitor->first_waiter;
    if (!waiter)
        return false;
    monitor->first_waiter = waiter->next;
    if (!monitor->first_waiter)
        monitor->last_waiter = NULL;
    waiter->is_pulsed = true;
    atomic_store(&waiter->thread->wake, 1);
    rt_futex_wake(&waiter->thread->wake, 1);
    return true;
}

void rt_monitor_pulse(RtObject *object)
{
    pulse_first(held_monitor(rt_thread_self(), object));
}

void rt_monitor_pulse_all(RtObject *object)
{
    Monitor *monitor = held_monitor(rt_thread_self(), object);
    while (pulse_first(monitor))
        ;
}

/* ---- identity hash codes ---- */

static uint32_t new_hash(RtThread *self)
{
    for (;;) {
        self->hash_seed = self->hash_seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint32_t hash = (uint32_t)(self->hash_seed >> 38);
        if (hash)
            return hash;
    }
}

int32_t rt_object_try_hash(RtObject *object)
{
    if (!object)
        return 0;
    uint32_t word = atomic_load_explicit(rt_sync_word(object), memory_order_relaxed);
    if (is_hash(word))
        return (int32_t)(word & SYNC_VALUE_MASK);
    return is_index(word) ? (int32_t)atomic_load(&monitor_of(word)->hash) : 0;
}

int32_t rt_object_hash(RtObject *object)
{
    if (!object)
        return 0;
    RtThread *self = rt_thread_self();
    _Atomic uint32_t *sync = rt_sync_word(object);
    for (;;) {
        uint32_t word = atomic_load_explicit(sync, memory_order_relaxed);
        if (is_hash(word))
            return (int32_t)(word & SYNC_VALUE_MASK);
        if (is_index(word)) {
            uint32_t none = 0, hash = new_hash(self);
            bool is_new = atomic_compare_exchange_strong(&monitor_of(word)->hash, &none, hash);
            return (int32_t)(is_new ? hash : none);
        }
        if (word & SYNC_OWNER_MASK) {
            try_inflate(self, object, word);
            continue;
        }
        uint32_t hash = new_hash(self);
        uint32_t after = (word & SYNC_KEPT_BITS) | SYNC_IS_HASH_OR_INDEX | SYNC_IS_HASH | hash;
        if (atomic_compare_exchange_weak(sync, &word, after))
            return (int32_t)hash;
    }
}

/* ---- for the collector; the world is stopped ---- */

void rt_monitor_sweep(void)
{
    for (uint32_t index = 1; index < monitors.n_used; index++) {
        Monitor *monitor = &monitors.table[index];
        if (!monitor->object || rt_is_marked(monitor->object))
            continue;
        monitor->object = NULL;
        monitor->next_free = monitors.first_free;
        monitors.first_free = index;
    }
}
