/* What the class library's internal calls (ic_Type_Method) and QCalls (qc_EntryPoint) share.
 *
 * Arguments are the managed ones. A QCallTypeHandle arrives as two words: the address of a local that holds the RuntimeType,
 * and the MethodTable. ObjectHandleOnStack and StringHandleOnStack are addresses of locals that hold references. */
#ifndef AOTD_CALLS_H
#define AOTD_CALLS_H
#include "rt.h"

/* Fields of the class library that C code touches; in the order of FIELDS in compiler/codegen/program.py. */
enum RtField {
    RT_FIELD_THREAD_ID, RT_FIELD_THREAD_PRIORITY, RT_FIELD_THREAD_INTERNAL, RT_FIELD_EXCEPTION_TRACE, RT_FIELD_EXCEPTION_TRACE_STRING,
    RT_FIELD_RUNTIME_TYPE_HANDLE, RT_FIELD_THREAD_START_HELPER, RT_FIELD_TYPE_CACHE_TYPE,
    RT_FIELD_METHOD_HANDLE, RT_FIELD_METHOD_ATTRIBUTES, RT_FIELD_METHOD_NAME, RT_FIELD_GC_HIGH_LOAD, RT_FIELD_GC_AVAILABLE,
    RT_FIELD_GC_LOAD, RT_FIELD_GC_HEAP_SIZE, RT_FIELD_GC_COMMITTED, RT_FIELD_GC_INDEX, RT_FIELD_GC_GENERATION, RT_FIELD_ASSEMBLY,
    RT_FIELD_ASSEMBLY_LOCK, RT_FIELD_MODULE_ASSEMBLY, RT_FIELD_MODULE_DATA, RT_FIELD_CONSTRUCTOR_HANDLE, RT_FIELD_METHOD_STUB_VALUE,
    RT_FIELD_FIELD_HANDLE, RT_FIELD_FIELD_STUB_HANDLE, RT_FIELD_SIGNATURE_ARGUMENTS, RT_FIELD_SIGNATURE_DECLARING, RT_FIELD_SIGNATURE_RESULT,
    RT_FIELD_SIGNATURE_FLAGS, RT_FIELD_SIGNATURE_METHOD, RT_FIELD_COUNT
};
extern const uint32_t rt_field_offsets[];

static inline void *rt_field(const void *object, enum RtField field) { return (char *)object + rt_field_offsets[field]; }

/* An instance field of a value type, for field-wise equality. */
typedef struct RtFieldInfo {
    uint32_t offset;          /* from the start of the value */
    uint32_t padding;
    const RtType *type;
} RtFieldInfo;

RtObject *rt_box(const RtType *type, const void *value);        /* may collect; Nullable<T> gives T or NULL */
const RtType *rt_underlying(const RtType *type);
bool rt_can_widen(int to, int from);                             /* CorElementTypes */
bool rt_object_equals(RtObject *a, RtObject *b);                /* the virtual Object.Equals; written by program.py */
int32_t rt_object_hash_code(RtObject *object);                  /* the virtual Object.GetHashCode */
static inline bool rt_is_value_type(const RtType *type) { return (type->flags & 0x000C0000u) == RT_FLAG_CATEGORY_VALUETYPE; }
static inline bool rt_is_array(const RtType *type) { return (type->flags & 0x000C0000u) == RT_FLAG_CATEGORY_ARRAY; }
#endif
