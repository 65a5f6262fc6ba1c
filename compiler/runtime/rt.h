/* The runtime's shared header: object model, threads, and every symbol that generated code may use.
 *
 * Units. "object pointer": address of the MethodTable word of an object. The sync word is the 32-bit word at
 * pointer-4; pointer-8 is where the object's memory starts. `base_size` counts bytes from that start and includes the
 * sync word's 8 bytes, the MethodTable word and the fields of an instance without elements (CoreCLR's BaseSize).
 * Element data of an array starts at object pointer + base_size - 8. A string's base_size is 22: its characters
 * start at +12, its length (int32) stands at +8. An array's length (uint32) stands at +8.
 */
#ifndef AOTD_RT_H
#define AOTD_RT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct RtType RtType;     /* CoreCLR's MethodTable, offsets as its class library reads them */
typedef struct RtObject RtObject;
typedef struct RtAux RtAux;
typedef struct RtThread RtThread;

/* Where references lie. For a type without elements: byte offsets from the object pointer.
 * For arrays: byte offsets from the start of an element. */
typedef struct RtGcDesc {
    uint32_t n_offsets;
    uint32_t offsets[];
} RtGcDesc;

enum {
    RT_FLAG_HAS_COMPONENT_SIZE = 0x80000000u,
    RT_FLAG_CONTAINS_GC_POINTERS = 0x01000000u,
    RT_FLAG_HAS_FINALIZER = 0x00100000u,
    RT_FLAG_CATEGORY_MASK = 0x000F0000u,
    RT_FLAG_CATEGORY_CLASS = 0x00000000u,
    RT_FLAG_CATEGORY_VALUETYPE = 0x00040000u,
    RT_FLAG_CATEGORY_NULLABLE = 0x00050000u,
    RT_FLAG_CATEGORY_PRIMITIVE = 0x00060000u,
    RT_FLAG_CATEGORY_TRUE_PRIMITIVE = 0x00070000u,
    RT_FLAG_CATEGORY_ARRAY = 0x00080000u,      /* multidimensional */
    RT_FLAG_CATEGORY_SZARRAY = 0x000A0000u,
    RT_FLAG_CATEGORY_INTERFACE = 0x000C0000u,
};

struct RtType {
    uint32_t flags;           /* 0x00 low 16 bits: component size when RT_FLAG_HAS_COMPONENT_SIZE */
    uint32_t base_size;       /* 0x04 bytes */
    uint32_t flags2;          /* 0x08 */
    uint16_t n_virtuals;      /* 0x0C */
    uint16_t n_interfaces;    /* 0x0E */
    const RtType *parent;     /* 0x10 */
    const RtGcDesc *gc;       /* 0x18 NULL when RT_FLAG_CONTAINS_GC_POINTERS is clear */
    RtAux *aux;               /* 0x20 */
    uintptr_t n_exact_interfaces; /* 0x28 the first of `interfaces`; those that hold by variance follow */
    const RtType *element;    /* 0x30 element type of arrays, pointers, byrefs; T of Nullable<T>; underlying type of enums */
    const RtType *const *interfaces; /* 0x38 n_interfaces entries */
    void *vtable[];           /* 0x40 */
};

struct RtAux {
    uint32_t flags;           /* 0x00 CoreCLR's MethodTableAuxiliaryData flags */
    uint32_t type_id;         /* 0x04 index into interface dispatch rows */
    RtObject *runtime_type;   /* 0x08 the System.RuntimeType of this type (frozen object) */
    void (*finalizer)(RtObject *); /* 0x10 NULL without a finalizer */
    const char *full_name;    /* 0x18 UTF-8, zero-terminated: as Type.FullName shows it */
    const void *reflection;   /* 0x20 reflection data, see reflection.c */
    uint64_t reserved[3];     /* 0x28 [0] multicast code of a delegate type; [1], [2] count and table of RtFieldInfo of a
                                        value type, parameter count and DynamicInvoke code of a delegate type */
};

struct RtObject {
    const RtType *type;
};

/* What reflection knows of a type; written by compiler/codegen/typedata.py. Strings are UTF-8, zero-terminated. */
typedef struct RtEnumMember {
    int64_t value;
    const char *name;
} RtEnumMember;
typedef struct RtEnum {
    int32_t count;
    int32_t has_flags;
    RtEnumMember members[];   /* in metadata order */
} RtEnum;
typedef struct RtReflection {
    const char *name;         /* simple name, as Type.Name */
    const char *namespace_;   /* empty when there is none */
    const char *to_string;    /* as Type.ToString */
    const char *assembly;     /* display name of the assembly */
    uint32_t attributes;      /* TypeAttributes */
    uint32_t token;
    uint16_t element_type;    /* CorElementType as RuntimeTypeHandle reports it */
    uint16_t rank;            /* 0 for vectors; of a type parameter its place among those of its type or method */
    int32_t n_arguments;
    const RtType *const *arguments;
    const RtType *definition; /* the generic definition, or NULL */
    const RtType *declaring;  /* the enclosing type, or NULL */
    const RtEnum *members;    /* enums only */
    int32_t member_place;     /* place in rt_members (reflect.h); 0 when no member is kept */
    int32_t value_bytes;      /* size of a value, for value types */
    const RtType *vector;     /* T[], or NULL when the program has no such arrays */
    union {
        void (*default_constructor)(void *); /* NULL when it is not kept; takes the object, or the address of a value */
        const struct RtReflectedMethod *declaring_method; /* of a type parameter: the method that it belongs to, or NULL */
    };
    struct RtClassConstructor *initializer; /* NULL without a type initializer that the program can run */
} RtReflection;

/* Types that C code names; in the order of known_types in compiler/codegen/program.py. */
enum RtKnownType {
    RT_TYPE_OBJECT, RT_TYPE_STRING, RT_TYPE_OBJECT_ARRAY, RT_TYPE_INT64_ARRAY, RT_TYPE_STRING_ARRAY, RT_TYPE_BYTE_ARRAY,
    RT_TYPE_RUNTIME_TYPE, RT_TYPE_EXCEPTION, RT_TYPE_UINT64_ARRAY, RT_TYPE_ARRAY, RT_TYPE_RUNTIME_TYPE_ARRAY,
    RT_TYPE_UINT16_ARRAY, RT_TYPE_UINT32_ARRAY, RT_TYPE_THREAD,
    /* From here on NULL unless the program reaches a call that makes such objects. */
    RT_TYPE_RUNTIME_METHOD_INFO, RT_TYPE_RUNTIME_ASSEMBLY, RT_TYPE_RUNTIME_MODULE, RT_TYPE_RUNTIME_CONSTRUCTOR_INFO,
    RT_TYPE_RUNTIME_METHOD_INFO_STUB, RT_TYPE_RT_FIELD_INFO, RT_TYPE_RUNTIME_FIELD_INFO_STUB, RT_TYPE_INT32_ARRAY, RT_TYPE_TYPE_ARRAY,
    RT_TYPE_RUNTIME_MODULE_ARRAY,
};
extern const RtType *const rt_known_types[];

/* A type initializer; written by the compiler, updated by object.c. */
typedef struct RtClassConstructor {
    int32_t state;            /* 0 not run, 1 running, 2 done, 3 failed */
    int32_t thread_id;        /* who runs it */
    void (*code)(void);
    const RtType *type;
    RtObject *exception;      /* the TypeInitializationException of a failed one */
} RtClassConstructor;

typedef struct RtString {
    const RtType *type;
    int32_t length;           /* UTF-16 units */
    uint16_t chars[];
} RtString;
typedef struct RtArray {
    const RtType *type;
    uint32_t length;
    uint32_t padding;
    char data[];              /* elements of a vector; lengths and lower bounds first in general arrays */
} RtArray;

/* ---- object.c ---- */
RtString *rt_string_utf8(const char *text);             /* may collect */
char *rt_utf8_string(const RtString *string);           /* malloc'ed; the caller frees */
bool rt_can_cast(const RtType *source, const RtType *target);
RtObject *rt_type_object(const RtType *type);
const RtType *rt_type_of_object(RtObject *runtime_type); /* the type that a System.RuntimeType stands for */
static inline uint32_t rt_category(const RtType *type) { return type->flags & RT_FLAG_CATEGORY_MASK; }
static inline const RtReflection *rt_reflection(const RtType *type) { return type->aux->reflection; }

/* ---- exception.c: throwing from C. None of these return. ---- */
enum RtThrowKind { /* order is the contract with compiler/codegen */
    RT_THROW_NULL_REFERENCE, RT_THROW_INDEX_OUT_OF_RANGE, RT_THROW_OVERFLOW, RT_THROW_DIVIDE_BY_ZERO,
    RT_THROW_INVALID_CAST, RT_THROW_ARRAY_TYPE_MISMATCH, RT_THROW_OUT_OF_MEMORY, RT_THROW_ARGUMENT_NULL,
    RT_THROW_PLATFORM_NOT_SUPPORTED, RT_THROW_SYNCHRONIZATION_LOCK, RT_THROW_ARGUMENT_OUT_OF_RANGE,
    RT_THROW_INVALID_PROGRAM, RT_THROW_STACK_OVERFLOW, RT_THROW_THREAD_STATE, RT_THROW_ARITHMETIC, RT_THROW_TYPE_INITIALIZATION,
    RT_THROW_DLL_NOT_FOUND, RT_THROW_ENTRY_POINT_NOT_FOUND, RT_THROW_MISSING_METHOD, RT_THROW_ARGUMENT, RT_THROW_RANK, RT_THROW_NOT_SUPPORTED, RT_THROW_TARGET_PARAMETER_COUNT,
};
_Noreturn void rt_throw_kind(int kind);
_Noreturn void rt_throw(RtObject *exception);
_Noreturn void rt_throw_message(int kind, const char *message); /* UTF-8 */
RtObject *rt_make_exception(int kind, RtString *message); /* NULL: the default message */
_Noreturn void rt_throw_unsupported(const char *what); /* PlatformNotSupportedException that names `what` */
_Noreturn void rt_fail_fast(const char *message);      /* message on stderr, then abort() */

/* ---- alloc.c: may collect. Memory is zeroed. Throws OutOfMemoryException when memory cannot be had. ---- */
RtObject *rt_new(const RtType *type);
/* For types with a finalizer, which rt_new takes as well. Generated code must not declare this one noalias: its finalizer
 * sees an object that nothing else refers to, so the stores of its constructor are not dead. */
RtObject *rt_new_finalizable(const RtType *type);
RtObject *rt_new_array(const RtType *array_type, int64_t length); /* OverflowException when length is negative */
RtObject *rt_new_string(int32_t length, const RtType *string_type);

/* ---- gc.c ---- */
void rt_gc_init(void);
void rt_gc_collect(int generation);                     /* blocking */
int64_t rt_gc_total_allocated_bytes(void);
int64_t rt_gc_heap_bytes(void);                         /* bytes in use after the last collection plus what was allocated since */
int64_t rt_gc_available_bytes(void);                    /* what the container or else the machine lets the heap have */
int64_t rt_gc_thread_allocated_bytes(void);             /* by the calling thread */
int64_t rt_gc_pause_ns(bool longest);                   /* of all collections together, or of the longest one */
int32_t rt_gc_count(int generation);
void rt_gc_suppress_finalize(RtObject *object);
void rt_gc_reregister_finalize(RtObject *object);
void rt_gc_wait_for_pending_finalizers(void);
bool rt_gc_is_heap_object(const void *pointer);         /* does the word point into the collected heap */

/* ---- roots.c: handles. `kind`: 0 weak, 1 weak that tracks resurrection, 2 normal, 3 pinned (System.Runtime.InteropServices.GCHandleType) ---- */
void *rt_handle_new(RtObject *target, int kind);
RtObject *rt_handle_get(void *handle);
void rt_handle_set(void *handle, RtObject *target);
RtObject *rt_handle_compare_exchange(void *handle, RtObject *target, RtObject *expected); /* what was there before */
void rt_handle_free(void *handle);
void *rt_dependent_new(RtObject *target, RtObject *dependent);
RtObject *rt_dependent_target(void *handle);
RtObject *rt_dependent_get(void *handle, RtObject **dependent);
void rt_dependent_set_target_null(void *handle);
void rt_dependent_set_dependent(void *handle, RtObject *dependent);
void rt_dependent_free(void *handle);

/* ---- thread.c ---- */
RtThread *rt_thread_self(void);                         /* attaches the calling thread on first use */
char *rt_thread_statics(void);                          /* this thread's block of [ThreadStatic] storage, zeroed at start; a root */
extern const uint64_t rt_thread_statics_bytes;          /* defined by the program */
int32_t rt_thread_id(RtThread *thread);                 /* Thread.ManagedThreadId, from 1 */
/* Starts a thread that calls entry(argument); `argument` may be an object and is kept alive until then. The caller owns
 * one reference to the result. NULL: the system has no room. stack_bytes 0: the default. May collect. */
RtThread *rt_thread_create(void (*entry)(void *), void *argument, size_t stack_bytes);
void rt_thread_retain(RtThread *thread);
void rt_thread_release(RtThread *thread);
/* In two steps, for a Thread object that is there before its thread: a new one counts as foreground, the caller owns one
 * reference. NULL or false: the system has no room; then it can be started again. */
RtThread *rt_thread_new(void);
bool rt_thread_start(RtThread *thread, void (*entry)(void *), void *argument, size_t stack_bytes);
bool rt_thread_join(RtThread *thread, int32_t timeout_ms); /* -1 waits for ever; false: still running */
int32_t rt_thread_join_code(RtThread *thread, int32_t timeout_ms); /* RT_WAIT_OBJECT_0, _TIMEOUT or _INTERRUPTED */
enum { RT_THREAD_UNSTARTED, RT_THREAD_STARTED, RT_THREAD_EXITED };
enum { RT_STATE_BACKGROUND = 4, RT_STATE_UNSTARTED = 8, RT_STATE_STOPPED = 16, RT_STATE_WAIT_SLEEP_JOIN = 32, RT_PRIORITY_NORMAL = 2 };
int rt_thread_states(RtThread *thread);                 /* System.Threading.ThreadState */
/* A thread made by rt_thread_create and a foreign one are in the background from the first. */
void rt_thread_set_background(RtThread *thread, bool is_background);
bool rt_thread_is_pool_thread(RtThread *thread);         /* a mark for the class library alone */
void rt_thread_set_pool_thread(RtThread *thread, bool is_pool_thread);
bool rt_thread_is_main(RtThread *thread);
void rt_thread_adopt_main(void);                        /* the calling thread runs Main */
void rt_thread_wait_for_foreground(void);               /* until no other foreground thread runs */
bool rt_thread_is_alive(RtThread *thread);
void rt_thread_yield(void);
void rt_thread_set_name(RtThread *thread, const char *name); /* UTF-8; as debuggers and top show it */
void rt_thread_set_managed(RtThread *thread, RtObject *managed); /* the Thread object; a root while the thread lives */
RtObject *rt_thread_managed(RtThread *thread);
void rt_thread_stack_bounds(uintptr_t *low, uintptr_t *high); /* of the calling thread; high is exclusive */
int rt_thread_stop_signal(void); /* to be blocked while a handler runs on an alternate stack: it must find the thread's own */

bool rt_thread_sleep(int32_t timeout_ms);               /* -1 sleeps for ever; false: interrupted */
void rt_thread_interrupt(RtThread *thread);             /* its present or next wait ends as interrupted */

/* ---- wait.c: wait objects, malloc'ed; codes are Win32's. New ones are NULL when there is no memory. ---- */
enum {
    RT_WAIT_OBJECT_0 = 0, RT_WAIT_ABANDONED_0 = 0x80, RT_WAIT_INTERRUPTED = 0xC0, RT_WAIT_TIMEOUT = 0x102,
    RT_WAIT_NOT_OWNER = 288, RT_WAIT_TOO_MANY_POSTS = 298, RT_WAIT_FAILED = -1, RT_WAIT_MAX_OBJECTS = 64,
};
void *rt_wait_event_new(bool is_manual_reset, bool is_signalled);
void *rt_wait_semaphore_new(int32_t count, int32_t max_count);
void *rt_wait_mutex_new(bool is_owned);                 /* owned: by the calling thread */
void rt_wait_event_set(void *event);
void rt_wait_event_reset(void *event);
bool rt_wait_semaphore_release(void *semaphore, int32_t count, int32_t *previous); /* false: would pass max_count */
bool rt_wait_mutex_release(void *mutex);                /* false: the calling thread does not own it */
void rt_wait_close(void *handle);
/* RT_WAIT_OBJECT_0 + index, RT_WAIT_ABANDONED_0 + index, or another code. timeout_ms -1 waits for ever. The threads'
 * stacks are scanned while they wait; collections go on. */
int32_t rt_wait_one(void *object, int32_t timeout_ms);
int32_t rt_wait_multiple(void *const *objects, uint32_t n_objects, bool wants_all, int32_t timeout_ms);
int32_t rt_wait_signal_and_wait(void *to_signal, void *to_wait_on, int32_t timeout_ms); /* or RT_WAIT_NOT_OWNER, RT_WAIT_TOO_MANY_POSTS */

/* ---- monitor.c: System.Threading.Monitor over the sync word ---- */
void rt_monitor_enter(RtObject *object);
bool rt_monitor_try_enter(RtObject *object, int32_t timeout_ms); /* -1 waits for ever */
int32_t rt_monitor_enter_code(RtObject *object, int32_t timeout_ms); /* RT_WAIT_OBJECT_0, _TIMEOUT or _INTERRUPTED */
void rt_monitor_exit(RtObject *object);                 /* SynchronizationLockException when not the owner */
bool rt_monitor_is_entered(RtObject *object);
bool rt_monitor_wait(RtObject *object, int32_t timeout_ms); /* false: timed out or interrupted */
int32_t rt_monitor_wait_code(RtObject *object, int32_t timeout_ms); /* RT_WAIT_OBJECT_0, _TIMEOUT or _INTERRUPTED */
void rt_monitor_pulse(RtObject *object);
void rt_monitor_pulse_all(RtObject *object);
int64_t rt_monitor_contentions(void);                   /* how often a thread has slept to enter one */
int32_t rt_object_hash(RtObject *object);               /* RuntimeHelpers.GetHashCode: never 0, kept for the object's life */
int32_t rt_object_try_hash(RtObject *object);           /* 0 when none was given yet */

/* Static fields that can hold references live in this section; all its words are roots. Weak: the linker drops the
 * section of a program that uses none. */
extern char __start_rt_statics[] __attribute__((weak)), __stop_rt_statics[] __attribute__((weak));

#endif
