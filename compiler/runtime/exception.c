/* Exceptions: throwing, the personality routine, stack traces, and what happens when nobody catches.
 *
 * Two phases over the platform's unwinder. A clause in an LSDA type table is a pointer to { int64 kind; pointer }: kind 0
 * names the MethodTable that a catch accepts, kind 1 the code of a filter. Filters run in the first phase, before any
 * finally handler, on the frame's variables: a method with filters registers the address of its variables at entry. */
#include "calls.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <unwind.h>

enum { MAX_FRAMES = 1024 };

typedef struct RtClause {
    int64_t kind;
    const void *target;
} RtClause;

typedef struct RtFilterRecord {
    struct RtFilterRecord *previous;
    void *frame;
} RtFilterRecord;

/* An exception on its way. `handler_frame` is the stack address of the frame that will catch it, `selector` its clause
 * there. It lives in malloc'ed memory, which is no root, so `handle` keeps the object. */
typedef struct RtUnwind {
    struct _Unwind_Exception header;
    RtObject *object;
    void *handle;
    int selector;
    uintptr_t handler_frame;
    int32_t n_frames;
    uintptr_t ips[MAX_FRAMES];
    uintptr_t frames[MAX_FRAMES];
} RtUnwind;

static const uint64_t EXCEPTION_CLASS = 0x414F544443530001ull;
static _Thread_local RtFilterRecord *filter_records;
extern RtObject *(*const rt_exception_makers[])(RtString *);
extern RtString *rt_object_to_string(RtObject *object);

void rt_filter_push(RtFilterRecord *record, void *frame) {
    record->previous = filter_records;
    record->frame = frame;
    filter_records = record;
}

void rt_filter_pop(RtFilterRecord *record) { filter_records = record->previous; }

/* ---- making and throwing ---- */

RtObject *rt_make_exception(int kind, RtString *message) { return rt_exception_makers[kind](message); }

static _Unwind_Reason_Code record_frame(struct _Unwind_Context *context, void *argument) {
    RtUnwind *unwind = argument;
    if (unwind->n_frames == MAX_FRAMES)
        return _URC_END_OF_STACK;
    unwind->ips[unwind->n_frames] = _Unwind_GetIP(context);
    unwind->frames[unwind->n_frames] = _Unwind_GetCFA(context);
    unwind->n_frames++;
    return _URC_NO_REASON;
}

static void free_unwind(_Unwind_Reason_Code reason, struct _Unwind_Exception *header) {
    (void)reason;
    free(header);
}

static _Noreturn void unhandled(RtUnwind *unwind);

/* The words of a trace: code addresses, outermost last; kept in Exception._stackTrace as a ulong[]. */
static void store_trace(RtUnwind *unwind, bool append, bool is_foreign) {
    RtObject **slot = (RtObject **)rt_field(unwind->object, RT_FIELD_EXCEPTION_TRACE);
    RtArray *old = append ? (RtArray *)*slot : NULL;
    int32_t kept = 0;
    while (kept < unwind->n_frames && (!unwind->handler_frame || unwind->frames[kept] <= unwind->handler_frame))
        kept++;
    bool marks = old && is_foreign;
    int64_t before = old ? (int64_t)old->length + marks : 0;
    RtArray *trace = (RtArray *)rt_new_array(rt_known_types[RT_TYPE_UINT64_ARRAY], before + kept);
    if (before)
        memcpy(trace->data, old->data, (size_t)(before - marks) * 8); /* a zero word marks where the trace was carried on */
    if (kept)
        memcpy(trace->data + before * 8, unwind->ips, (size_t)kept * 8);
    *slot = (RtObject *)trace;
}

static _Noreturn void raise_object(RtObject *object, bool append, bool is_foreign) {
    if (!object)
        object = rt_make_exception(RT_THROW_NULL_REFERENCE, NULL);
    RtUnwind *unwind = malloc(sizeof(RtUnwind));
    if (!unwind)
        rt_fail_fast("out of memory while throwing an exception");
    memset(unwind, 0, offsetof(RtUnwind, ips)); /* the frames are written before they are read */
    unwind->header.exception_class = EXCEPTION_CLASS;
    unwind->header.exception_cleanup = free_unwind;
    unwind->object = object;
    unwind->handle = rt_handle_new(object, 2);
    _Unwind_Backtrace(record_frame, unwind);
    store_trace(unwind, append, is_foreign);
    _Unwind_RaiseException(&unwind->header);
    unhandled(unwind);
}

static _Thread_local bool continues_foreign_trace;

/* ExceptionDispatchInfo.Throw: the throw that follows goes on with the trace that the exception has. */
void ic_Exception_PrepareForForeignExceptionRaise(void) { continues_foreign_trace = true; }

_Noreturn void rt_throw(RtObject *exception) {
    bool append = continues_foreign_trace;
    continues_foreign_trace = false;
    raise_object(exception, append, append);
}

_Noreturn void rt_rethrow(RtObject *exception) { raise_object(exception, true, false); }

_Noreturn void rt_throw_kind(int kind) { rt_throw(rt_make_exception(kind, NULL)); }

_Noreturn void rt_throw_message(int kind, const char *message) { rt_throw(rt_make_exception(kind, rt_string_utf8(message))); }

_Noreturn void rt_throw_unsupported(const char *what) {
    char text[2048];
    snprintf(text, sizeof text, "Operation is not supported on this platform. %s", what);
    rt_throw_message(RT_THROW_PLATFORM_NOT_SUPPORTED, text);
}

_Noreturn void rt_throw_null_reference(void) { rt_throw_kind(RT_THROW_NULL_REFERENCE); }
_Noreturn void rt_throw_index_out_of_range(void) { rt_throw_kind(RT_THROW_INDEX_OUT_OF_RANGE); }
_Noreturn void rt_throw_overflow(void) { rt_throw_kind(RT_THROW_OVERFLOW); }
_Noreturn void rt_throw_divide_by_zero(void) { rt_throw_kind(RT_THROW_DIVIDE_BY_ZERO); }
_Noreturn void rt_throw_arithmetic(void) { rt_throw_kind(RT_THROW_ARITHMETIC); }

_Noreturn void rt_fail_fast(const char *message) {
    fprintf(stderr, "Process terminated. %s\n", message);
    abort();
}

/* Takes the exception out of its unwinding; called first by every catch handler. */
RtObject *rt_begin_catch(struct _Unwind_Exception *header) {
    RtUnwind *unwind = (RtUnwind *)header;
    RtObject *object = unwind->object;
    rt_handle_free(unwind->handle);
    free(unwind);
    return object;
}

/* ---- personality (Itanium C++ ABI, exception handling tables) ---- */

static uintptr_t read_uleb(const uint8_t **at) {
    uintptr_t value = 0;
    int shift = 0;
    uint8_t byte;
    do {
        byte = *(*at)++;
        value |= (uintptr_t)(byte & 0x7F) << shift;
        shift += 7;
    } while (byte & 0x80);
    return value;
}

static intptr_t read_sleb(const uint8_t **at) {
    intptr_t value = 0;
    int shift = 0;
    uint8_t byte;
    do {
        byte = *(*at)++;
        value |= (intptr_t)(byte & 0x7F) << shift;
        shift += 7;
    } while (byte & 0x80);
    if (shift < 64 && (byte & 0x40))
        value |= -((intptr_t)1 << shift);
    return value;
}

static uintptr_t read_encoded(const uint8_t **at, uint8_t encoding) {
    const uint8_t *start = *at;
    if (encoding == 0xFF)
        return 0;
    uintptr_t value;
    switch (encoding & 0x0F) {
        case 0x00: { uint64_t v; memcpy(&v, start, 8); value = v; *at += 8; break; }
        case 0x01: value = read_uleb(at); break;
        case 0x02: { uint16_t v; memcpy(&v, start, 2); value = v; *at += 2; break; }
        case 0x03: { uint32_t v; memcpy(&v, start, 4); value = v; *at += 4; break; }
        case 0x04: { uint64_t v; memcpy(&v, start, 8); value = v; *at += 8; break; }
        case 0x09: value = (uintptr_t)read_sleb(at); break;
        case 0x0A: { int16_t v; memcpy(&v, start, 2); value = (uintptr_t)(intptr_t)v; *at += 2; break; }
        case 0x0B: { int32_t v; memcpy(&v, start, 4); value = (uintptr_t)(intptr_t)v; *at += 4; break; }
        case 0x0C: { int64_t v; memcpy(&v, start, 8); value = (uintptr_t)v; *at += 8; break; }
        default: abort();
    }
    if (value && (encoding & 0x70) == 0x10)
        value += (uintptr_t)start;
    if (value && (encoding & 0x80))
        value = *(const uintptr_t *)value;
    return value;
}

static size_t encoded_size(uint8_t encoding) {
    switch (encoding & 0x07) {
        case 0x02: return 2;
        case 0x03: return 4;
        default: return 8;
    }
}

typedef int32_t (*RtFilter)(void *frame, RtObject *exception);

/* The variables of the method whose frame starts at or above `stack_pointer`: the record nearest to it. */
static void *filter_frame(uintptr_t stack_pointer) {
    RtFilterRecord *found = NULL;
    for (RtFilterRecord *record = filter_records; record; record = record->previous)
        if ((uintptr_t)record >= stack_pointer && (!found || record < found))
            found = record;
    return found ? found->frame : NULL;
}

static bool clause_matches(const RtClause *clause, RtObject *exception, uintptr_t stack_pointer) {
    if (!clause)
        return true;
    if (clause->kind == 0)
        return rt_can_cast(exception->type, clause->target);
    void *frame = filter_frame(stack_pointer);
    return frame && ((RtFilter)(uintptr_t)clause->target)(frame, exception) != 0;
}

typedef struct Lsda {
    uintptr_t landing_start;
    uint8_t type_encoding;
    const uint8_t *types;
    uint8_t call_encoding;
    const uint8_t *calls;
    const uint8_t *actions;
} Lsda;

static void read_lsda(const uint8_t *at, uintptr_t function_start, Lsda *lsda) {
    uint8_t encoding = *at++;
    lsda->landing_start = encoding == 0xFF ? function_start : read_encoded(&at, encoding);
    lsda->type_encoding = *at++;
    lsda->types = NULL;
    if (lsda->type_encoding != 0xFF) {
        uintptr_t offset = read_uleb(&at);
        lsda->types = at + offset;
    }
    lsda->call_encoding = *at++;
    uintptr_t length = read_uleb(&at);
    lsda->calls = at;
    lsda->actions = at + length;
}

/* The call site that covers `ip`: its landing pad and first action; false when there is none. */
static bool find_call_site(const Lsda *lsda, uintptr_t function_start, uintptr_t ip, uintptr_t *pad, uintptr_t *action) {
    const uint8_t *at = lsda->calls;
    while (at < lsda->actions) {
        uintptr_t start = read_encoded(&at, lsda->call_encoding);
        uintptr_t length = read_encoded(&at, lsda->call_encoding);
        uintptr_t landing = read_encoded(&at, lsda->call_encoding);
        uintptr_t first = read_uleb(&at);
        if (ip < function_start + start)
            return false;
        if (ip < function_start + start + length) {
            *pad = landing ? lsda->landing_start + landing : 0;
            *action = first;
            return landing != 0;
        }
    }
    return false;
}

/* The selector of the first clause that takes the exception, 0 for a mere cleanup, -1 for none of both. */
static int choose(const Lsda *lsda, uintptr_t action, RtObject *exception, uintptr_t stack_pointer, bool with_clauses) {
    if (action == 0)
        return 0;
    const uint8_t *at = lsda->actions + action - 1;
    bool cleanup = false;
    for (;;) {
        intptr_t filter = read_sleb(&at);
        const uint8_t *link = at;
        intptr_t next = read_sleb(&at);
        if (filter == 0)
            cleanup = true;
        else if (filter > 0 && with_clauses) {
            const uint8_t *entry = lsda->types - (uintptr_t)filter * encoded_size(lsda->type_encoding);
            if (clause_matches((const RtClause *)read_encoded(&entry, lsda->type_encoding), exception, stack_pointer))
                return (int)filter;
        }
        if (next == 0)
            return cleanup ? 0 : -1;
        at = link + next;
    }
}

_Unwind_Reason_Code rt_personality(int version, _Unwind_Action actions, uint64_t exception_class, struct _Unwind_Exception *header,
                                   struct _Unwind_Context *context) {
    if (version != 1 || exception_class != EXCEPTION_CLASS)
        return _URC_CONTINUE_UNWIND;
    RtUnwind *unwind = (RtUnwind *)header;
    const uint8_t *table = (const uint8_t *)_Unwind_GetLanguageSpecificData(context);
    if (!table)
        return _URC_CONTINUE_UNWIND;
    uintptr_t frame = _Unwind_GetCFA(context);
    /* The stack grows down: records below this frame belong to methods that are being left. Their memory is intact until a
     * landing pad runs. */
    if (actions & _UA_CLEANUP_PHASE)
        while (filter_records && (uintptr_t)filter_records < frame)
            filter_records = filter_records->previous;
    uintptr_t function_start = _Unwind_GetRegionStart(context);
    uintptr_t ip = _Unwind_GetIP(context) - 1;
    Lsda lsda;
    uintptr_t pad = 0, action = 0;
    read_lsda(table, function_start, &lsda);
    if (!find_call_site(&lsda, function_start, ip, &pad, &action))
        return _URC_CONTINUE_UNWIND;
    int selector;
    if (actions & _UA_SEARCH_PHASE) {
        selector = choose(&lsda, action, unwind->object, frame, true);
        if (selector <= 0)
            return _URC_CONTINUE_UNWIND;
        unwind->handler_frame = frame;
        unwind->selector = selector;
        return _URC_HANDLER_FOUND;
    }
    if (actions & _UA_HANDLER_FRAME)
        selector = unwind->selector;
    else {
        selector = choose(&lsda, action, unwind->object, frame, false);
        if (selector < 0)
            return _URC_CONTINUE_UNWIND;
    }
    _Unwind_SetGR(context, __builtin_eh_return_data_regno(0), (uintptr_t)header);
    _Unwind_SetGR(context, __builtin_eh_return_data_regno(1), (uintptr_t)(intptr_t)selector);
    _Unwind_SetIP(context, pad);
    return _URC_INSTALL_CONTEXT;
}

/* ---- running code to its end or its exception ---- */

RtObject *rt_run_guarded(void (*code)(void)); /* written in LLVM text by compiler/codegen/program.py: it needs a landing pad */

RtObject *rt_type_initialization_exception(const RtType *type, RtObject *inner) {
    extern RtObject *rt_make_type_initialization(RtString *type_name, RtObject *inner);
    /* The name stands without type arguments. */
    char name[512];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(type->aux->full_name, "["), type->aux->full_name);
    return rt_make_type_initialization(rt_string_utf8(name), inner);
}

/* ---- stack traces ---- */

typedef struct RtMethodEntry {
    const char *code;
    const char *record;       /* see program.py: two bytes of attributes, then Type \1 Method \2 rest, zero-terminated */
} RtMethodEntry;
extern const RtMethodEntry rt_method_table[];
extern const uint64_t rt_method_count;

static pthread_once_t sort_once = PTHREAD_ONCE_INIT;
static const RtMethodEntry **sorted_methods;

static int by_address(const void *a, const void *b) {
    const char *x = (*(const RtMethodEntry *const *)a)->code, *y = (*(const RtMethodEntry *const *)b)->code;
    return (x > y) - (x < y);
}

static void sort_methods(void) {
    sorted_methods = malloc(sizeof *sorted_methods * (rt_method_count + 1));
    if (!sorted_methods)
        rt_fail_fast("out of memory");
    for (uint64_t i = 0; i < rt_method_count; i++)
        sorted_methods[i] = &rt_method_table[i];
    qsort(sorted_methods, rt_method_count, sizeof *sorted_methods, by_address);
}

/* The record of the method whose code starts at `code`, or NULL. */
const char *rt_method_record(const void *code) {
    pthread_once(&sort_once, sort_methods);
    uint64_t low = 0, high = rt_method_count;
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        if (sorted_methods[middle]->code < (const char *)code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < rt_method_count && sorted_methods[low]->code == (const char *)code ? sorted_methods[low]->record : NULL;
}

/* Appends `   at Type.Method(...)` for the frame at `ip` to a growing buffer; nothing for the runtime's own frames. */
static void append_frame(uintptr_t ip, char **buffer, size_t *size, size_t *used) {
    const char *line = NULL;
    if (ip) {
        void *start = _Unwind_FindEnclosingFunction((void *)(ip - 1));
        line = start ? rt_method_record(start) : NULL;
        if (!line)
            return;
        line += 2;
    }
    const char *prefix = ip ? "   at " : "--- End of stack trace from previous location ---";
    size_t need = strlen(prefix) + (line ? strlen(line) : 0) + 2;
    if (*used + need > *size) {
        *size = (*used + need) * 2;
        *buffer = realloc(*buffer, *size);
        if (!*buffer)
            rt_fail_fast("out of memory");
    }
    char *out = *buffer + *used;
    if (*used)
        *out++ = '\n';
    out = stpcpy(out, prefix);
    for (; line && *line; line++)
        if (*line == 1)
            *out++ = '.';
        else if (*line != 2)
            *out++ = *line;
    *out = 0;
    *used = (size_t)(out - *buffer);
}

/* Exception.GetStackTrace: a line per frame, NULL without a trace. */
RtString *rt_exception_stack_trace(RtObject *exception) {
    RtArray *trace = *(RtArray **)rt_field(exception, RT_FIELD_EXCEPTION_TRACE);
    size_t size = 0, used = 0;
    char *buffer = NULL;
    for (uint32_t i = 0; trace && i < trace->length; i++)
        append_frame(((uintptr_t *)trace->data)[i], &buffer, &size, &used);
    if (!buffer)
        return NULL;
    RtString *result = rt_string_utf8(buffer);
    free(buffer);
    return result;
}

extern void (*const rt_unhandled_exception_event)(RtObject *exception); /* NULL when nothing listens */

/* The first thread to come here tells and ends the process; others, which may come meanwhile, wait for that. */
static _Noreturn void unhandled(RtUnwind *unwind) {
    static _Atomic int32_t reporter;
    RtObject *exception = unwind->object;
    int32_t nobody = 0, me = rt_thread_id(rt_thread_self());
    bool is_first = atomic_compare_exchange_strong(&reporter, &nobody, me);
    while (!is_first && nobody != me)
        pause();
    fflush(stdout);
    char *utf8 = NULL;
    if (is_first) {
        if (rt_unhandled_exception_event)
            rt_unhandled_exception_event(exception);
        RtString *text = rt_object_to_string(exception);
        utf8 = text ? rt_utf8_string(text) : NULL;
    }
    fprintf(stderr, "Unhandled exception. %s\n", utf8 ? utf8 : exception->type->aux->full_name);
    fflush(stderr);
    abort();
}
