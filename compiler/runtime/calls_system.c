/* Internal calls of the environment, exceptions and interop's error word. */
#include "calls.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern int32_t rt_exit_code;

/* RuntimeHelpers.EnsureSufficientExecutionStack asks for 64 KiB, as CoreCLR does. */
bool ic_RuntimeHelpers_TryEnsureSufficientExecutionStack(void) {
    uintptr_t low, high;
    rt_thread_stack_bounds(&low, &high);
    return (uintptr_t)__builtin_frame_address(0) > low + 64 * 1024;
}
void ic_RuntimeHelpers_EnsureSufficientExecutionStack(void) {
    if (!ic_RuntimeHelpers_TryEnsureSufficientExecutionStack())
        rt_throw_kind(RT_THROW_STACK_OVERFLOW);
}

/* ---- Environment ---- */

int32_t ic_Environment_get_TickCount(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int32_t)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}
int64_t ic_Environment_get_TickCount64(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
int32_t qc_Environment_GetProcessorCount(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (int32_t)count : 1;
}
int32_t ic_Environment_get_ExitCode(void) { return rt_exit_code; }
void ic_Environment_set_ExitCode(int32_t code) { rt_exit_code = code; }
_Noreturn void rt_exit(int32_t code);
_Noreturn void qc_Environment_Exit(int32_t code) { rt_exit(code); }
_Noreturn void qc_Environment_FailFast(void *mark, const uint16_t *message, RtObject **exception, const uint16_t *source) {
    (void)mark, (void)exception, (void)source;
    fputs("Process terminated.", stderr);
    if (message) {
        fputc(' ', stderr);
        for (; *message; message++)
            fputc(*message < 128 ? *message : '?', stderr);
    }
    fputc('\n', stderr);
    abort();
}

/* Copies a variable's value as UTF-16; the result is its length, or the room needed when it does not fit, 0 when it is unset. */
uint32_t qc_GetEnvironmentVariableW(const uint16_t *name, uint16_t *buffer, uint32_t capacity) {
    char narrow[512];
    size_t length = 0;
    for (; name[length] && length + 1 < sizeof narrow; length++)
        narrow[length] = name[length] < 128 ? (char)name[length] : '?';
    narrow[length] = 0;
    const char *value = getenv(narrow);
    if (!value) {
        errno = ENOENT;
        return 0;
    }
    RtString *wide = rt_string_utf8(value);
    if ((uint32_t)wide->length + 1 > capacity)
        return (uint32_t)wide->length + 1;
    memcpy(buffer, wide->chars, ((size_t)wide->length + 1) * 2);
    return (uint32_t)wide->length;
}

bool ic_Debugger_get_IsAttached(void) { return false; }
bool ic_AssemblyLoadContext_IsTracingEnabled(void) { return false; }

/* ---- Marshal ---- */

static _Thread_local int32_t last_pinvoke_error;
int32_t ic_Marshal_GetLastPInvokeError(void) { return last_pinvoke_error; }
void ic_Marshal_SetLastPInvokeError(int32_t error) { last_pinvoke_error = error; }

/* ---- Exception ---- */

RtObject *ic_Exception_GetFrozenStackTrace(RtObject *exception) { return *(RtObject **)rt_field(exception, RT_FIELD_EXCEPTION_TRACE); }
bool ic_Exception_IsImmutableAgileException(RtObject *exception) {
    (void)exception;
    return false;
}

/* ExceptionMessageKind: ThreadAbort 1, ThreadInterrupted 2, OutOfMemory 3. */
void qc_ExceptionNative_GetMessageFromNativeResources(int32_t kind, RtString **result) {
    static const char *const texts[] = {"", "Thread was being aborted.", "Thread was interrupted from a waiting state.",
                                        "Insufficient memory to continue the execution of the program."};
    *result = rt_string_utf8(kind > 0 && kind < 4 ? texts[kind] : "");
}
