/* Internal calls on objects, arrays, strings, memory and handles. */
#include "calls.h"

#include <stdlib.h>
#include <string.h>

/* ---- String, Buffer, Array ---- */

RtObject *ic_String_FastAllocateString(int32_t length) { return rt_new_string(length, rt_known_types[RT_TYPE_STRING]); }

void ic_Buffer___BulkMoveWithWriteBarrier(void *target, const void *source, uintptr_t n_bytes) { memmove(target, source, n_bytes); }

void qc_Buffer_MemMove(void *target, const void *source, uintptr_t n_bytes) { memmove(target, source, n_bytes); }

void qc_Buffer_Clear(void *target, uintptr_t n_bytes) { memset(target, 0, n_bytes); }

int32_t ic_Array_GetCorElementTypeOfElementType(RtArray *array) {
    const RtType *item = array->type->element;
    if (rt_category(item) == RT_FLAG_CATEGORY_PRIMITIVE && item->element)
        item = item->element;
    return rt_reflection(item)->element_type;
}

RtObject *ic_GC_AllocateNewArray(const RtType *type, int32_t length, int32_t flags) {
    (void)flags; /* zeroed, in place for good: what pinned and uninitialized ask is given anyway */
    return rt_new_array(type, length);
}

RtObject *ic_RuntimeHelpers_Box(const RtType *type, const void *value) { return rt_box(type, value); }

RtObject *rt_box(const RtType *type, const void *value) {
    if (rt_category(type) == RT_FLAG_CATEGORY_NULLABLE) {
        /* Nullable<T> { bool hasValue; T value } with value at T's alignment. */
        const RtType *inner = type->element;
        uint32_t size = (uint32_t)rt_reflection(type)->value_bytes, inner_size = (uint32_t)rt_reflection(inner)->value_bytes;
        if (!*(const uint8_t *)value)
            return NULL;
        return rt_box(inner, (const char *)value + (size - inner_size));
    }
    RtObject *object = rt_new(type);
    memcpy((char *)object + 8, value, (size_t)rt_reflection(type)->value_bytes);
    return object;
}

uint32_t ic_MethodTable_GetNumInstanceFieldBytes(const RtType *type) {
    return rt_is_value_type(type) ? (uint32_t)rt_reflection(type)->value_bytes : type->base_size - 16;
}

int32_t ic_MethodTable_GetPrimitiveCorElementType(const RtType *type) {
    if (rt_category(type) == RT_FLAG_CATEGORY_PRIMITIVE && type->element)
        type = type->element;
    return rt_reflection(type)->element_type;
}

int32_t qc_MethodTable_AreTypesEquivalent(const RtType *a, const RtType *b) { return a == b; }

/* MemberwiseClone: the local holds the original and receives the copy, whose contents the caller fills. */
void qc_ObjectNative_AllocateUninitializedClone(RtObject **local) {
    const RtType *type = (*local)->type;
    if (type->flags & RT_FLAG_HAS_COMPONENT_SIZE) {
        uint32_t length = ((RtArray *)*local)->length;
        *local = type == rt_known_types[RT_TYPE_STRING] ? rt_new_string((int32_t)length, type) : rt_new_array(type, length);
    } else
        *local = rt_new(type);
}

int32_t ic_RuntimeHelpers_GetHashCode(RtObject *object) { return object ? rt_object_hash(object) : 0; }
int32_t ic_RuntimeHelpers_TryGetHashCode(RtObject *object) { return object ? rt_object_try_hash(object) : 0; }

int32_t qc_TypeHandle_CanCastTo_NoCacheLookup(const RtType *source, const RtType *target) { return rt_can_cast(source, target); }

RtObject *rt_cast_any(RtObject *object, const RtType *type);
RtObject *rt_is_instance_any(RtObject *object, const RtType *type);
RtObject *rt_cast_helper(const RtType *type, RtObject *object) { return rt_cast_any(object, type); }
RtObject *rt_is_instance_helper(const RtType *type, RtObject *object) { return rt_is_instance_any(object, type); }

/* ---- ValueType.Equals and GetHashCode: field by field, as CoreCLR does for types without a bitwise comparison ---- */

static bool fields_equal(const RtType *type, const char *a, const char *b) {
    uint64_t n_fields = type->aux->reserved[1];
    const RtFieldInfo *fields = (const RtFieldInfo *)(uintptr_t)type->aux->reserved[2];
    for (uint64_t i = 0; i < n_fields; i++) {
        const char *x = a + fields[i].offset, *y = b + fields[i].offset;
        const RtType *field = fields[i].type;
        if (!rt_is_value_type(field)) {
            RtObject *p = *(RtObject *const *)x, *q = *(RtObject *const *)y;
            if (p != q && (!p || !q || !rt_object_equals(p, q)))
                return false;
            continue;
        }
        int kind = rt_reflection(field)->element_type;
        bool is_bits = rt_category(field) == RT_FLAG_CATEGORY_PRIMITIVE ||
                       (rt_category(field) == RT_FLAG_CATEGORY_TRUE_PRIMITIVE && kind != 0x0C && kind != 0x0D);
        if (is_bits) {
            if (memcmp(x, y, (size_t)rt_reflection(field)->value_bytes))
                return false;
            continue;
        }
        RtObject *p = rt_box(field, x), *q = rt_box(field, y);
        if (p != q && (!p || !q || !rt_object_equals(p, q)))
            return false;
    }
    return true;
}

bool rt_value_equals(RtObject *self, RtObject *other) {
    if (!other || other->type != self->type)
        return false;
    return fields_equal(self->type, (char *)self + 8, (char *)other + 8);
}

/* Combines all fields; equal values give equal codes. */
int32_t rt_value_hash_code(RtObject *self) {
    const RtType *type = self->type;
    uint64_t n_fields = type->aux->reserved[1];
    const RtFieldInfo *fields = (const RtFieldInfo *)(uintptr_t)type->aux->reserved[2];
    uint32_t hash = 17;
    for (uint64_t i = 0; i < n_fields; i++) {
        const char *at = (char *)self + 8 + fields[i].offset;
        const RtType *field = fields[i].type;
        RtObject *object = rt_is_value_type(field) ? rt_box(field, at) : *(RtObject *const *)at;
        hash = hash * 31 + (object ? (uint32_t)rt_object_hash_code(object) : 0);
    }
    return (int32_t)hash;
}

/* ---- GC handles ---- */

void *ic_GCHandle__InternalAlloc(RtObject *target, int32_t kind) { return rt_handle_new(target, kind); }
void *qc_GCHandle_InternalAllocWithGCTransition(RtObject **target, int32_t kind) { return rt_handle_new(*target, kind); }
bool ic_GCHandle__InternalFree(void *handle) {
    rt_handle_free(handle);
    return true;
}
void qc_GCHandle_InternalFreeWithGCTransition(void *handle) { rt_handle_free(handle); }
void ic_GCHandle_InternalSet(void *handle, RtObject *target) { rt_handle_set(handle, target); }

/* A handle is the address of its slot, as GCHandle.InternalGet reads it. */
RtObject *ic_GCHandle_InternalCompareExchange(void *handle, RtObject *value, RtObject *old) {
    RtObject *expected = old;
    __atomic_compare_exchange_n((RtObject **)handle, &expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return expected;
}

void *ic_DependentHandle_InternalAlloc(RtObject *target, RtObject *dependent) { return rt_dependent_new(target, dependent); }
void *qc_DependentHandle_InternalAllocWithGCTransition(RtObject **target, RtObject **dependent) { return rt_dependent_new(*target, *dependent); }
bool ic_DependentHandle_InternalFree(void *handle) {
    rt_dependent_free(handle);
    return true;
}
void qc_DependentHandle_InternalFreeWithGCTransition(void *handle) { rt_dependent_free(handle); }
RtObject *ic_DependentHandle_InternalGetTarget(void *handle) { return rt_dependent_target(handle); }
RtObject *ic_DependentHandle_InternalGetDependent(void *handle) {
    RtObject *dependent = NULL;
    rt_dependent_get(handle, &dependent);
    return dependent;
}
RtObject *ic_DependentHandle_InternalGetTargetAndDependent(void *handle, RtObject **dependent) { return rt_dependent_get(handle, dependent); }
void ic_DependentHandle_InternalSetDependent(void *handle, RtObject *dependent) { rt_dependent_set_dependent(handle, dependent); }
void ic_DependentHandle_InternalSetTargetToNull(void *handle) { rt_dependent_set_target_null(handle); }

/* ---- GC ---- */

void ic_GC__SuppressFinalize(RtObject *object) { rt_gc_suppress_finalize(object); }
void qc_GCInterface_ReRegisterForFinalize(RtObject **object) { rt_gc_reregister_finalize(*object); }
void qc_GCInterface_Collect(int32_t generation, int32_t mode) {
    (void)mode;
    rt_gc_collect(generation < 0 ? 2 : generation);
}
void qc_GCInterface_WaitForPendingFinalizers(void) { rt_gc_wait_for_pending_finalizers(); }
int64_t qc_GCInterface_GetTotalMemory(void) { return rt_gc_heap_bytes(); }
int64_t qc_GCInterface_GetTotalAllocatedBytesPrecise(void) { return rt_gc_total_allocated_bytes(); }
int64_t ic_GC_GetTotalAllocatedBytesApproximate(void) { return rt_gc_total_allocated_bytes(); }
int64_t ic_GC_GetAllocatedBytesForCurrentThread(void) { return rt_gc_thread_allocated_bytes(); }
int32_t ic_GC__CollectionCount(int32_t generation, int32_t special) {
    (void)special;
    return rt_gc_count(generation);
}
int32_t ic_GC_GetMaxGeneration(void) { return 2; }
int32_t ic_GC_GetGeneration(RtObject *object) {
    (void)object;
    return 2;
}
void qc_GCInterface_AddMemoryPressure(uint64_t n_bytes) { (void)n_bytes; }
void qc_GCInterface_RemoveMemoryPressure(uint64_t n_bytes) { (void)n_bytes; }
bool ic_GCSettings_get_IsServerGC(void) { return false; }
int32_t ic_GCSettings_GetGCLatencyMode(void) { return 1; }

/* Registrations of byrefs in unmanaged frames; stacks are scanned as they are, so nothing is to be done. */
void ic_GCFrameRegistration_RegisterForGCReporting(void *registration) { (void)registration; }
void ic_GCFrameRegistration_UnregisterForGCReporting(void *registration) { (void)registration; }

/* ---- delegates ---- */

void qc_Delegate_InternalAllocLike(RtObject **local) { *local = rt_new((*local)->type); }
void *ic_MulticastDelegate_GetMulticastInvoke(RtObject *delegate) { return (void *)(uintptr_t)delegate->type->aux->reserved[0]; }
void *qc_Delegate_GetMulticastInvokeSlow(const RtType *type) { return (void *)(uintptr_t)type->aux->reserved[0]; }
void *ic_Delegate_GetMulticastInvoke(const RtType *type) { return (void *)(uintptr_t)type->aux->reserved[0]; }
/* Delegates over one method hold one code address, so that equal methods have been told apart by it before. */
int32_t qc_Delegate_InternalEqualMethodHandles(RtObject **left, RtObject **right) {
    (void)left, (void)right;
    return 0;
}
/* The code behind Delegate.Invoke: read only to tell multicast delegates apart, for which the type's own code serves. */
void *ic_Delegate_GetInvokeMethod(const RtType *type) { return (void *)(uintptr_t)type->aux->reserved[0]; }

/* Object.GetType as a function; calls are compiled in place. */
RtObject *ic_Object_GetType(RtObject *object) { return rt_type_object(object->type); }

/* ---- Stream ---- */

/* Stream classes that override BeginRead or EndRead (flag 1), BeginWrite or EndWrite (flag 2); a row of nulls ends them. */
typedef struct RtStreamOverrides {
    const RtType *type;
    uint64_t flags;
} RtStreamOverrides;
extern const RtStreamOverrides rt_stream_overrides[];

static bool stream_overrides(const RtObject *stream, uint64_t flag) {
    for (const RtStreamOverrides *row = rt_stream_overrides; row->type; row++)
        if (row->type == stream->type)
            return (row->flags & flag) != 0;
    return false;
}

bool ic_Stream_HasOverriddenBeginEndRead(RtObject *stream) { return stream_overrides(stream, 1); }
bool ic_Stream_HasOverriddenBeginEndWrite(RtObject *stream) { return stream_overrides(stream, 2); }
