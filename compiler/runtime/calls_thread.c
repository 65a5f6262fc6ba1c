/* Internal calls and QCalls of System.Threading: threads, monitors, wait handles, the thread pool's settings.
 *
 * A Thread object holds its RtThread, made by Thread.Initialize, and one reference to it, which its finalizer gives back.
 * Failures that the class library asks for by Marshal.GetLastSystemError are left in errno, as Win32 codes. */
#include "calls.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CREATE_EVENT_MANUAL_RESET = 1, CREATE_EVENT_INITIAL_SET = 2, ERROR_INVALID_HANDLE = 6, ERROR_NOT_ENOUGH_MEMORY = 8 };

/* What the program's managed code gives the runtime; NULL in a program that cannot need it. See compiler/codegen/callbacks.py. */
extern void (*const rt_thread_start_callback)(RtObject *thread);
extern RtObject *(*const rt_make_thread_interrupted)(void);

static void throw_when_interrupted(int32_t code) {
    if (code == RT_WAIT_INTERRUPTED && rt_make_thread_interrupted)
        rt_throw(rt_make_thread_interrupted());
}

/* ---- Monitor ---- */

void ic_Monitor_Enter(RtObject *object) { throw_when_interrupted(rt_monitor_enter_code(object, -1)); }
void ic_Monitor_Exit(RtObject *object) { rt_monitor_exit(object); }
void ic_Monitor_ReliableEnter(RtObject *object, uint8_t *taken) {
    throw_when_interrupted(rt_monitor_enter_code(object, -1));
    *taken = 1;
}
void ic_Monitor_ReliableEnterTimeout(RtObject *object, int32_t timeout_ms, uint8_t *taken) {
    int32_t code = rt_monitor_enter_code(object, timeout_ms);
    throw_when_interrupted(code);
    *taken = code == RT_WAIT_OBJECT_0;
}
bool ic_Monitor_IsEnteredNative(RtObject *object) { return rt_monitor_is_entered(object); }
int32_t qc_Monitor_Wait(RtObject **object, int32_t timeout_ms) {
    int32_t code = rt_monitor_wait_code(*object, timeout_ms);
    throw_when_interrupted(code);
    return code == RT_WAIT_OBJECT_0;
}
void qc_Monitor_Pulse(RtObject **object) { rt_monitor_pulse(*object); }
void qc_Monitor_PulseAll(RtObject **object) { rt_monitor_pulse_all(*object); }

int64_t qc_Monitor_GetLockContentionCount(void) { return rt_monitor_contentions(); }

/* ---- Thread: identity ---- */

static RtThread *thread_of(RtObject *managed) { return *(RtThread **)rt_field(managed, RT_FIELD_THREAD_INTERNAL); }

static void bind(RtObject *managed, RtThread *thread) {
    *(int32_t *)rt_field(managed, RT_FIELD_THREAD_ID) = rt_thread_id(thread);
    *(int32_t *)rt_field(managed, RT_FIELD_THREAD_PRIORITY) = RT_PRIORITY_NORMAL;
    *(RtThread **)rt_field(managed, RT_FIELD_THREAD_INTERNAL) = thread;
    rt_thread_set_managed(thread, managed);
}

/* The Thread object of the calling thread, made at the first question when the thread was not started by managed code. */
RtObject *ic_Thread_GetCurrentThreadNative(void) {
    RtThread *self = rt_thread_self();
    RtObject *managed = rt_thread_managed(self);
    if (!managed) {
        managed = rt_new(rt_known_types[RT_TYPE_THREAD]);
        rt_thread_retain(self);
        bind(managed, self);
    }
    return managed;
}

void *ic_Thread_InternalGetCurrentThread(void) { return rt_thread_self(); }
int32_t ic_Environment_get_CurrentManagedThreadId(void) { return rt_thread_id(rt_thread_self()); }
uint64_t qc_ThreadNative_GetCurrentOSThreadId(void) { return (uint64_t)syscall(SYS_gettid); }

/* ---- Thread: life ---- */

void ic_Thread_Initialize(RtObject *managed) {
    RtThread *thread = rt_thread_new();
    if (!thread)
        rt_throw_kind(RT_THROW_OUT_OF_MEMORY);
    bind(managed, thread);
}

void ic_Thread_InternalFinalize(RtObject *managed) {
    RtThread **slot = rt_field(managed, RT_FIELD_THREAD_INTERNAL);
    RtThread *thread = *slot;
    *slot = NULL;
    if (thread)
        rt_thread_release(thread);
}

static void run_managed(void *managed) { rt_thread_start_callback(managed); }

static void name_thread(RtThread *thread, const uint16_t *name, int32_t length) {
    char utf8[64];
    size_t used = 0;
    for (int32_t i = 0; i < length && used + 4 < sizeof utf8; i++) {
        uint32_t c = name[i];
        if (c >= 0xD800 && c < 0xDC00 && i + 1 < length && (name[i + 1] & 0xFC00) == 0xDC00)
            c = 0x10000 + ((c - 0xD800) << 10) + (name[++i] - 0xDC00u);
        if (c < 0x80)
            utf8[used++] = (char)c;
        else if (c < 0x800) {
            utf8[used++] = (char)(0xC0 | (c >> 6));
            utf8[used++] = (char)(0x80 | (c & 0x3F));
        } else {
            if (c < 0x10000)
                utf8[used++] = (char)(0xE0 | (c >> 12));
            else {
                utf8[used++] = (char)(0xF0 | (c >> 18));
                utf8[used++] = (char)(0x80 | ((c >> 12) & 0x3F));
            }
            utf8[used++] = (char)(0x80 | ((c >> 6) & 0x3F));
            utf8[used++] = (char)(0x80 | (c & 0x3F));
        }
    }
    utf8[used] = 0;
    rt_thread_set_name(thread, utf8);
}

static int32_t utf16_length(const uint16_t *text) {
    int32_t length = 0;
    while (text[length])
        length++;
    return length;
}

void qc_ThreadNative_Start(RtThread *thread, int32_t stack_bytes, int32_t priority, const uint16_t *name) {
    (void)priority; /* as CoreCLR on Linux: kept, without effect */
    if (!(rt_thread_states(thread) & RT_STATE_UNSTARTED))
        rt_throw_message(RT_THROW_THREAD_STATE, "Thread is running or terminated; it cannot restart.");
    if (name)
        name_thread(thread, name, utf16_length(name));
    if (!rt_thread_start(thread, run_managed, rt_thread_managed(thread), stack_bytes > 0 ? (size_t)stack_bytes : 0))
        rt_throw_kind(RT_THROW_OUT_OF_MEMORY);
}

bool ic_Thread_Join(RtObject *managed, int32_t timeout_ms) {
    RtThread *thread = thread_of(managed);
    if (timeout_ms < -1)
        rt_throw_message(RT_THROW_ARGUMENT_OUT_OF_RANGE, "millisecondsTimeout");
    if (rt_thread_states(thread) & RT_STATE_UNSTARTED)
        rt_throw_message(RT_THROW_THREAD_STATE, "Thread has not been started.");
    int32_t code = rt_thread_join_code(thread, timeout_ms);
    throw_when_interrupted(code);
    return code == RT_WAIT_OBJECT_0;
}

/* ---- Thread: properties ---- */

static RtThread *living(RtObject *managed, const char *complaint) {
    RtThread *thread = thread_of(managed);
    if (rt_thread_states(thread) & RT_STATE_STOPPED)
        rt_throw_message(RT_THROW_THREAD_STATE, complaint);
    return thread;
}

bool ic_Thread_get_IsAlive(RtObject *managed) { return rt_thread_is_alive(thread_of(managed)); }
int32_t ic_Thread_GetThreadStateNative(RtObject *managed) { return rt_thread_states(thread_of(managed)); }
bool ic_Thread_GetIsBackground(RtObject *managed) {
    return (rt_thread_states(living(managed, "Thread is dead; state cannot be accessed.")) & RT_STATE_BACKGROUND) != 0;
}
void qc_ThreadNative_SetIsBackground(RtThread *thread, int32_t is_background) {
    if (rt_thread_states(thread) & RT_STATE_STOPPED)
        rt_throw_message(RT_THROW_THREAD_STATE, "Thread is dead; state cannot be accessed.");
    rt_thread_set_background(thread, is_background != 0);
}
bool ic_Thread_get_IsThreadPoolThread(RtObject *managed) { return rt_thread_is_pool_thread(thread_of(managed)); }
void ic_Thread_set_IsThreadPoolThread(RtObject *managed, bool value) { rt_thread_set_pool_thread(thread_of(managed), value); }
int32_t ic_Thread_GetPriorityNative(RtObject *managed) {
    living(managed, "Thread is dead; priority cannot be accessed.");
    return *(int32_t *)rt_field(managed, RT_FIELD_THREAD_PRIORITY);
}
void ic_Thread_SetPriorityNative(RtObject *managed, int32_t priority) {
    if (priority < 0 || priority > 4)
        rt_throw_message(RT_THROW_ARGUMENT_OUT_OF_RANGE, "priority");
    living(managed, "Thread is dead; priority cannot be accessed.");
    *(int32_t *)rt_field(managed, RT_FIELD_THREAD_PRIORITY) = priority;
}

/* The kernel's name of the first thread is the process's, which stays. */
void qc_ThreadNative_InformThreadNameChange(RtThread *thread, const uint16_t *name, int32_t length) {
    if (!rt_thread_is_main(thread))
        name_thread(thread, name, name ? length : 0);
}

/* ---- Thread: waiting ---- */

int32_t ic_Thread_get_OptimalMaxSpinWaitsPerSpinIteration(void) { return 7; }
void qc_ThreadNative_SpinWait(int32_t iterations) {
    for (int32_t i = 0; i < iterations; i++) {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#else
        __asm__ volatile("yield");
#endif
    }
}
void qc_ThreadNative_Sleep(int32_t timeout_ms) {
    if (!rt_thread_sleep(timeout_ms))
        throw_when_interrupted(RT_WAIT_INTERRUPTED);
}
int32_t qc_ThreadNative_YieldThread(void) {
    rt_thread_yield();
    return 1;
}
void qc_ThreadNative_Interrupt(RtThread *thread) { rt_thread_interrupt(thread); }

static pthread_once_t membarrier_once = PTHREAD_ONCE_INIT;
static void register_membarrier(void) { syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0); }

void qc_Interlocked_MemoryBarrierProcessWide(void) {
    pthread_once(&membarrier_once, register_membarrier);
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0 && syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) != 0)
        rt_throw_unsupported("The kernel has no membarrier for Interlocked.MemoryBarrierProcessWide.");
}

/* ---- wait handles ---- */

static void *new_handle(void *object) {
    errno = object ? 0 : ERROR_NOT_ENOUGH_MEMORY;
    return object;
}

void *qc_CreateEventExW(void *attributes, const uint16_t *name, uint32_t flags, uint32_t access) {
    (void)attributes, (void)name, (void)access; /* names are refused by the class library on Unix */
    return new_handle(rt_wait_event_new((flags & CREATE_EVENT_MANUAL_RESET) != 0, (flags & CREATE_EVENT_INITIAL_SET) != 0));
}
int32_t qc_SetEvent(void *event) {
    rt_wait_event_set(event);
    return 1;
}
int32_t qc_ResetEvent(void *event) {
    rt_wait_event_reset(event);
    return 1;
}

void *qc_CreateSemaphoreExW(void *attributes, int32_t count, int32_t max_count, const uint16_t *name, uint32_t flags, uint32_t access) {
    (void)attributes, (void)name, (void)flags, (void)access;
    return new_handle(rt_wait_semaphore_new(count, max_count));
}
int32_t qc_ReleaseSemaphore(void *semaphore, int32_t count, int32_t *previous) {
    bool is_released = rt_wait_semaphore_release(semaphore, count, previous);
    errno = is_released ? 0 : RT_WAIT_TOO_MANY_POSTS;
    return is_released;
}

void *qc_PAL_CreateMutexW(int32_t is_owned, const uint16_t *name, void *error_text, uint32_t error_bytes) {
    (void)error_text, (void)error_bytes;
    if (name && *name)
        rt_throw_unsupported("Named mutexes, which processes share, are not supported.");
    return new_handle(rt_wait_mutex_new(is_owned != 0));
}
void *qc_PAL_OpenMutexW(const uint16_t *name, void *error_text, uint32_t error_bytes) {
    (void)name, (void)error_text, (void)error_bytes;
    rt_throw_unsupported("Named mutexes, which processes share, are not supported.");
}
int32_t qc_ReleaseMutex(void *mutex) {
    bool is_released = rt_wait_mutex_release(mutex);
    errno = is_released ? 0 : RT_WAIT_NOT_OWNER;
    return is_released;
}

int32_t qc_CloseHandle(void *handle) {
    rt_wait_close(handle);
    return 1;
}

static int32_t finish_wait(int32_t code) {
    throw_when_interrupted(code);
    if (code == RT_WAIT_FAILED)
        errno = ERROR_INVALID_HANDLE;
    return code;
}

int32_t ic_WaitHandle_WaitOneCore(void *handle, int32_t timeout_ms, bool is_trivial) {
    (void)is_trivial;
    return finish_wait(rt_wait_one(handle, timeout_ms));
}
int32_t ic_WaitHandle_WaitMultipleIgnoringSyncContext(void **handles, int32_t n_handles, bool wants_all, int32_t timeout_ms) {
    return finish_wait(rt_wait_multiple(handles, (uint32_t)n_handles, wants_all, timeout_ms));
}
int32_t ic_WaitHandle_SignalAndWaitNative(void *to_signal, void *to_wait_on, int32_t timeout_ms) {
    return finish_wait(rt_wait_signal_and_wait(to_signal, to_wait_on, timeout_ms));
}
/* The thread pool's idle workers: last come, first served is an aim of CoreCLR's, not a promise; here the first. */
int32_t qc_WaitHandle_CorWaitOnePrioritizedNative(void *handle, int32_t timeout_ms) { return rt_wait_one(handle, timeout_ms); }

/* ---- ThreadPool ---- */

/* Settings that the host gives; a native program has none, so the enumeration ends at once. */
int32_t ic_ThreadPool_GetNextConfigUInt32Value(int32_t index, uint32_t *value, bool *is_boolean, const uint16_t **name) {
    (void)index;
    *value = 0;
    *is_boolean = false;
    *name = NULL;
    return -1;
}
