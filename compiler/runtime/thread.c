/* Threads: attaching, stopping the world, starting, joining, sleeping, names.
 *
 * Every thread that touches an object is attached. To stop the world the collector, holding rt_world.lock, sets
 * is_stopping and signals each thread that is not blocked. The handler parks the thread where it is, or, when the
 * thread holds off stopping, leaves a note, and the thread parks at the end of that stretch. A blocked thread (waiting
 * in the runtime, or in foreign code that touches no object) is left alone; it cannot become running before the end of
 * the collection. Per signal sent there is exactly one park.
 *
 * The stop signal must be blocked in handlers that run on an alternate stack, since the scan starts at the handler's
 * frame and must reach the thread's own stack from there.
 */
#include "heap.h"
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

RtWorld rt_world;

enum { DEFAULT_STACK_BYTES = 1536 * 1024 }; /* CoreCLR's on Linux */

int rt_thread_stop_signal(void)
{
    return SIGRTMIN + 6; /* below are debuggers' and the C library's */
}

/* Callee-saved registers: the only ones that may hold a reference which is not on the stack of a function's caller. */
__attribute__((noinline)) void rt_save_registers(uintptr_t registers[20])
{
#if defined(__x86_64__)
    __asm__ volatile("movq %%rbx, 0(%0)\n\tmovq %%rbp, 8(%0)\n\tmovq %%r12, 16(%0)\n\t"
                     "movq %%r13, 24(%0)\n\tmovq %%r14, 32(%0)\n\tmovq %%r15, 40(%0)"
                     :
                     : "r"(registers)
                     : "memory");
#elif defined(__aarch64__)
    __asm__ volatile("stp x19, x20, [%0]\n\tstp x21, x22, [%0, #16]\n\tstp x23, x24, [%0, #32]\n\t"
                     "stp x25, x26, [%0, #48]\n\tstp x27, x28, [%0, #64]\n\tstr x29, [%0, #80]\n\t"
                     "stp d8, d9, [%0, #88]\n\tstp d10, d11, [%0, #104]\n\tstp d12, d13, [%0, #120]\n\t"
                     "stp d14, d15, [%0, #136]"
                     :
                     : "r"(registers)
                     : "memory");
#else
#error "callee-saved registers of this processor"
#endif
}

/* Until the world is let go. Async-signal-safe. */
static void wait_for_release(uint32_t epoch)
{
    while (atomic_load(&rt_world.epoch) == epoch)
        rt_futex_wait(&rt_world.epoch, epoch, RT_NO_DEADLINE);
}

/* Answers one stop signal and waits. Everything above this frame is scanned meanwhile. */
static __attribute__((noinline)) void park(RtThread *self)
{
    uint32_t epoch = atomic_load(&rt_world.epoch);
    uintptr_t blocked_sp = self->stopped_sp; /* a blocked thread that was just about to become running keeps its own */
    self->stopped_sp = (uintptr_t)__builtin_frame_address(0);
    atomic_fetch_add(&rt_world.n_parked, 1);
    rt_futex_wake(&rt_world.n_parked, 1);
    wait_for_release(epoch);
    self->stopped_sp = blocked_sp;
}

static void on_stop_signal(int signal_number, siginfo_t *signal_info, void *context)
{
    (void)signal_number;
    (void)signal_info;
    (void)context; /* the kernel put the interrupted registers on the stack, above this frame: the scan meets them */
    int saved_errno = errno;
    RtThread *self = rt_allocator.thread;
    if (self && self->no_stop_depth)
        self->stop_is_pending = true;
    else if (self)
        park(self);
    errno = saved_errno;
}

void rt_thread_park_pending(RtThread *self)
{
    self->stop_is_pending = false;
    rt_save_registers(self->saved_registers);
    park(self);
}

void rt_world_stop(RtThread *self)
{
    uint32_t n_signalled = 0;
    atomic_store(&rt_world.n_parked, 0);
    atomic_store(&rt_world.is_stopping, 1);
    for (RtThread *thread = rt_world.threads; thread; thread = thread->next) {
        if (thread == self || atomic_load(&thread->state) == RT_THREAD_BLOCKED)
            continue;
        if (pthread_kill(thread->native, rt_thread_stop_signal()) != 0)
            rt_fail_fast("a thread cannot be stopped for garbage collection");
        n_signalled++;
    }
    uint32_t n_parked;
    while ((n_parked = atomic_load(&rt_world.n_parked)) < n_signalled)
        rt_futex_wait(&rt_world.n_parked, n_parked, RT_NO_DEADLINE);
}

void rt_world_resume(void)
{
    atomic_store(&rt_world.is_stopping, 0);
    atomic_fetch_add(&rt_world.epoch, 1);
    rt_futex_wake(&rt_world.epoch, INT_MAX);
}

__attribute__((noinline)) void rt_thread_publish_blocked(RtThread *self)
{
    self->stopped_sp = (uintptr_t)__builtin_frame_address(0);
    atomic_store(&self->state, RT_THREAD_BLOCKED);
}

void rt_thread_leave_blocked(RtThread *self)
{
    for (;;) {
        atomic_store(&self->state, RT_THREAD_RUNNING);
        uint32_t epoch = atomic_load(&rt_world.epoch);
        if (!atomic_load(&rt_world.is_stopping))
            return;
        atomic_store(&self->state, RT_THREAD_BLOCKED);
        wait_for_release(epoch);
    }
}

/* ---- attaching ---- */

static void find_stack(RtThread *self)
{
    pthread_attr_t attributes;
    void *low;
    size_t n_bytes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0 ||
        pthread_attr_getstack(&attributes, &low, &n_bytes) != 0)
        rt_fail_fast("the bounds of a thread's stack are unknown");
    pthread_attr_destroy(&attributes);
    self->stack_low = (uintptr_t)low;
    self->stack_high = (uintptr_t)low + n_bytes;
}

static RtThread *new_thread(void)
{
    RtThread *thread = calloc(1, sizeof(RtThread));
    if (!thread)
        return NULL;
    thread->id = atomic_fetch_add(&rt_world.last_id, 1) + 1;
    thread->hash_seed = (uint64_t)thread->id * UINT64_C(0x9E3779B97F4A7C15);
    thread->n_references = 1;
    thread->exit_event = rt_wait_event_new(true, false);
    if (!thread->exit_event) {
        free(thread);
        return NULL;
    }
    return thread;
}

/* rt_world.lock is held: after anything that decides whether the thread keeps the process alive. */
static void count_foreground(RtThread *thread)
{
    bool counts = atomic_load(&thread->phase) == RT_THREAD_STARTED && !thread->is_background;
    if (counts == thread->is_counted)
        return;
    thread->is_counted = counts;
    atomic_fetch_add(&rt_world.n_foreground, counts ? 1 : UINT32_MAX);
    if (!counts)
        rt_futex_wake(&rt_world.n_foreground, INT_MAX);
}

static void add_to_world(RtThread *thread)
{
    rt_mutex_lock(&rt_world.lock);
    thread->next = rt_world.threads;
    if (thread->next)
        thread->next->previous = thread;
    rt_world.threads = thread;
    atomic_store(&thread->phase, RT_THREAD_STARTED);
    count_foreground(thread);
    rt_mutex_unlock(&rt_world.lock);
}

static void remove_from_world(RtThread *thread, uint32_t phase)
{
    rt_mutex_lock(&rt_world.lock);
    if (thread->allocator) {
        rt_thread_give_up_holes(thread);
        rt_allocator.thread = NULL;
        thread->allocator = NULL;
    }
    if (phase == RT_THREAD_EXITED)
        thread->managed = NULL;
    atomic_store(&thread->phase, phase);
    count_foreground(thread);
    if (thread->previous)
        thread->previous->next = thread->next;
    else
        rt_world.threads = thread->next;
    if (thread->next)
        thread->next->previous = thread->previous;
    rt_mutex_unlock(&rt_world.lock);
}

/* The calling thread becomes `thread`. */
static void bind_to_thread(RtThread *thread)
{
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, rt_thread_stop_signal());
    pthread_sigmask(SIG_UNBLOCK, &stop, NULL);
    find_stack(thread);
    rt_mutex_lock(&rt_world.lock);
    thread->native = pthread_self();
    thread->allocator = &rt_allocator;
    if (thread->name[0])
        pthread_setname_np(thread->native, thread->name);
    rt_mutex_unlock(&rt_world.lock);
    if (rt_thread_statics_bytes) {
        thread->statics = calloc(1, rt_thread_statics_bytes);
        if (!thread->statics)
            rt_fail_fast("no memory for thread statics");
    }
    rt_allocator.marks_bias = rt_heap.marks_bias;
    rt_allocator.thread = thread;
    pthread_setspecific(rt_world.exit_key, thread);
}

static void detach(void *pointer)
{
    RtThread *self = pointer;
    rt_wait_abandon_mutexes(self);
    remove_from_world(self, RT_THREAD_EXITED);
    free(self->statics);
    self->statics = NULL;
    rt_wait_event_set(self->exit_event);
    rt_thread_release(self);
}

void rt_thread_init(void)
{
    struct sigaction action = {.sa_sigaction = on_stop_signal, .sa_flags = SA_RESTART | SA_SIGINFO};
    sigfillset(&action.sa_mask);
    sigdelset(&action.sa_mask, SIGSEGV);
    if (sigaction(rt_thread_stop_signal(), &action, NULL) != 0 || pthread_key_create(&rt_world.exit_key, detach) != 0)
        rt_fail_fast("threads cannot be set up");
}

RtThread *rt_thread_attach(void)
{
    RtThread *self = new_thread();
    if (!self)
        rt_fail_fast("no memory for a thread");
    self->is_background = true;
    bind_to_thread(self);
    add_to_world(self);
    return self;
}

RtThread *rt_thread_self(void)
{
    RtThread *self = rt_allocator.thread;
    return RT_LIKELY(self != NULL) ? self : rt_thread_attach();
}

char *rt_thread_statics(void)
{
    return rt_thread_self()->statics;
}

int32_t rt_thread_id(RtThread *thread)
{
    return thread->id;
}

/* ---- starting and ending ---- */

void rt_thread_retain(RtThread *thread)
{
    atomic_fetch_add(&thread->n_references, 1);
}

void rt_thread_release(RtThread *thread)
{
    if (atomic_fetch_sub(&thread->n_references, 1) != 1)
        return;
    rt_wait_close(thread->exit_event);
    free(thread);
}

static void *run_thread(void *pointer)
{
    RtThread *self = pointer;
    bind_to_thread(self);
    self->stopped_sp = (uintptr_t)__builtin_frame_address(0);
    rt_thread_leave_blocked(self);
    void *volatile argument = self->argument; /* on the scanned stack before the record lets go of it */
    self->argument = NULL;
    self->entry(argument);
    return NULL;
}

/* In the list from before it runs, as a blocked thread without a stack, so that its argument is a root. */
static bool start_native(RtThread *thread, size_t stack_bytes)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    size_t wanted = stack_bytes ? rt_round_up(stack_bytes, RT_PAGE_BYTES) : DEFAULT_STACK_BYTES;
    size_t least = rt_round_up((size_t)PTHREAD_STACK_MIN, RT_PAGE_BYTES) + 16 * RT_PAGE_BYTES;
    pthread_attr_setstacksize(&attributes, wanted < least ? least : wanted);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t native;
    bool is_started = pthread_create(&native, &attributes, run_thread, thread) == 0;
    pthread_attr_destroy(&attributes);
    return is_started;
}

RtThread *rt_thread_new(void)
{
    return new_thread();
}

bool rt_thread_start(RtThread *thread, void (*entry)(void *), void *argument, size_t stack_bytes)
{
    rt_thread_retain(thread);
    thread->entry = entry;
    thread->argument = argument;
    thread->state = RT_THREAD_BLOCKED;
    add_to_world(thread);
    if (start_native(thread, stack_bytes))
        return true;
    remove_from_world(thread, RT_THREAD_UNSTARTED);
    rt_thread_release(thread);
    return false;
}

RtThread *rt_thread_create(void (*entry)(void *), void *argument, size_t stack_bytes)
{
    RtThread *thread = new_thread();
    if (!thread)
        return NULL;
    thread->is_background = true;
    if (rt_thread_start(thread, entry, argument, stack_bytes))
        return thread;
    rt_thread_release(thread);
    return NULL;
}

int32_t rt_thread_join_code(RtThread *thread, int32_t timeout_ms)
{
    return rt_wait_one(thread->exit_event, timeout_ms);
}

bool rt_thread_join(RtThread *thread, int32_t timeout_ms)
{
    return rt_thread_join_code(thread, timeout_ms) == RT_WAIT_OBJECT_0;
}

void rt_thread_set_background(RtThread *thread, bool is_background)
{
    rt_mutex_lock(&rt_world.lock);
    thread->is_background = is_background;
    if (thread != rt_world.main)
        count_foreground(thread);
    rt_mutex_unlock(&rt_world.lock);
}

bool rt_thread_is_pool_thread(RtThread *thread)
{
    return thread->is_pool_thread;
}

void rt_thread_set_pool_thread(RtThread *thread, bool is_pool_thread)
{
    thread->is_pool_thread = is_pool_thread;
}

bool rt_thread_is_main(RtThread *thread)
{
    return thread == rt_world.main;
}

void rt_thread_adopt_main(void)
{
    rt_world.main = rt_thread_self();
    rt_world.main->is_background = false;
}

void rt_thread_wait_for_foreground(void)
{
    RtThread *self = rt_thread_self();
    uint32_t n_running;
    rt_thread_enter_blocked(self);
    while ((n_running = atomic_load(&rt_world.n_foreground)) != 0)
        rt_futex_wait(&rt_world.n_foreground, n_running, RT_NO_DEADLINE);
    rt_thread_leave_blocked(self);
}

int rt_thread_states(RtThread *thread)
{
    uint32_t phase = atomic_load(&thread->phase);
    int states = thread->is_background ? RT_STATE_BACKGROUND : 0;
    if (phase == RT_THREAD_UNSTARTED)
        states |= RT_STATE_UNSTARTED;
    else if (phase == RT_THREAD_EXITED)
        states = RT_STATE_STOPPED;
    else if (thread->is_alertable_wait || atomic_load(&thread->entering))
        states |= RT_STATE_WAIT_SLEEP_JOIN;
    return states;
}

void rt_thread_yield(void)
{
    RtThread *self = rt_thread_self();
    rt_thread_enter_blocked(self);
    sched_yield();
    rt_thread_leave_blocked(self);
}

void rt_thread_set_managed(RtThread *thread, RtObject *managed)
{
    thread->managed = managed;
}

RtObject *rt_thread_managed(RtThread *thread)
{
    return thread->managed;
}

bool rt_thread_is_alive(RtThread *thread)
{
    return atomic_load(&thread->phase) == RT_THREAD_STARTED;
}

void rt_thread_stack_bounds(uintptr_t *low, uintptr_t *high)
{
    RtThread *self = rt_thread_self();
    *low = self->stack_low;
    *high = self->stack_high;
}

/* The kernel keeps 15 bytes; a longer name is cut at a character. A thread that has not begun names itself later. */
void rt_thread_set_name(RtThread *thread, const char *name)
{
    size_t n_bytes = strlen(name);
    if (n_bytes >= sizeof thread->name) {
        n_bytes = sizeof thread->name - 1;
        while (n_bytes && ((unsigned char)name[n_bytes] & 0xC0) == 0x80)
            n_bytes--;
    }
    rt_mutex_lock(&rt_world.lock);
    memcpy(thread->name, name, n_bytes);
    thread->name[n_bytes] = 0;
    if (thread->allocator && atomic_load(&thread->phase) == RT_THREAD_STARTED)
        pthread_setname_np(thread->native, thread->name);
    rt_mutex_unlock(&rt_world.lock);
}
