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

enum { ERROR_ENVVAR_NOT_FOUND = 203 }; /* Win32's, which the class library looks for */

static int32_t length_of(const uint16_t *text) {
    int32_t length = 0;
    while (text[length])
        length++;
    return length;
}

static RtString *string_of(const uint16_t *text, int32_t length) {
    RtString *string = (RtString *)rt_new_string(length, rt_known_types[RT_TYPE_STRING]);
    memcpy(string->chars, text, (size_t)length * 2);
    return string;
}

/* Copies a variable's value as UTF-16; the result is its length, or the room needed when it does not fit, 0 when it is unset. */
uint32_t qc_GetEnvironmentVariableW(const uint16_t *name, uint16_t *buffer, uint32_t capacity) {
    RtString *wide = string_of(name, length_of(name));
    char *narrow = rt_utf8_string(wide);
    const char *value = getenv(narrow);
    free(narrow);
    if (!value) {
        errno = ERROR_ENVVAR_NOT_FOUND;
        return 0;
    }
    wide = rt_string_utf8(value);
    errno = 0;
    if ((uint32_t)wide->length + 1 > capacity)
        return (uint32_t)wide->length + 1;
    memcpy(buffer, wide->chars, ((size_t)wide->length + 1) * 2);
    return (uint32_t)wide->length;
}

/* A value of NULL removes the variable. */
int32_t qc_SetEnvironmentVariableW(const uint16_t *name, const uint16_t *value) {
    char *narrow_name = rt_utf8_string(string_of(name, length_of(name)));
    char *narrow_value = value ? rt_utf8_string(string_of(value, length_of(value))) : NULL;
    int result = narrow_value ? setenv(narrow_name, narrow_value, 1) : unsetenv(narrow_name);
    int error = errno;
    free(narrow_name);
    free(narrow_value);
    errno = result == 0 ? 0 : error;
    return result == 0;
}

/* All variables as zero-terminated UTF-16 texts after each other, ended by an empty one; malloc'ed. */
uint16_t *qc_GetEnvironmentStringsW(void) {
    extern char **environ;
    size_t n_units = 1, used = 0;
    for (char **variable = environ; *variable; variable++)
        n_units += strlen(*variable) + 1;
    uint16_t *texts = malloc(n_units * sizeof *texts);
    if (!texts)
        rt_throw_kind(RT_THROW_OUT_OF_MEMORY);
    for (char **variable = environ; *variable; variable++) {
        RtString *wide = rt_string_utf8(*variable); /* never more units than bytes */
        memcpy(texts + used, wide->chars, ((size_t)wide->length + 1) * 2);
        used += (size_t)wide->length + 1;
    }
    texts[used] = 0;
    return texts;
}
int32_t qc_FreeEnvironmentStringsW(uint16_t *texts) {
    free(texts);
    return 1;
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
