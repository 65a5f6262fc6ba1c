/* Delegate.DynamicInvoke: checks arguments as reflection does, calls the type's code, wraps what it throws; and making objects and
 * arrays of types that are known at run time only. */
#include "calls.h"

#include <stdio.h>
#include <string.h>

extern RtObject *rt_call_guarded(RtObject *(*code)(RtObject *, RtArray *), RtObject *a, RtArray *b, RtObject **exception);
extern RtObject *rt_new_general_array(const RtType *type, const int32_t *bounds, int32_t count);
extern RtObject *rt_make_target_invocation(RtObject *inner);

/* What is thrown next is about an argument, before the method is called: the innermost DynamicInvoke does not wrap it. */
static _Thread_local bool is_about_argument;

static _Noreturn void wrong_type(const RtType *source, const RtType *target) {
    char text[1024];
    snprintf(text, sizeof text, "Object of type '%s' cannot be converted to type '%s'.", rt_reflection(source)->to_string, rt_reflection(target)->to_string);
    is_about_argument = true;
    rt_throw_message(RT_THROW_ARGUMENT, text);
}

RtObject *rt_dynamic_reference(RtObject *element, const RtType *type) {
    if (element && !rt_can_cast(element->type, type))
        wrong_type(element->type, type);
    return element;
}

/* Bytes of an integer CorElementType and whether it is signed; 0 for others. Char counts as unsigned. */
static int integer_size(int kind, bool *is_signed) {
    static const uint8_t sizes[] = {[0x03] = 2, [0x04] = 1, [0x05] = 1, [0x06] = 2, [0x07] = 2, [0x08] = 4, [0x09] = 4, [0x0A] = 8, [0x0B] = 8};
    *is_signed = kind == 0x04 || kind == 0x06 || kind == 0x08 || kind == 0x0A;
    return kind >= 0x03 && kind <= 0x0B ? sizes[kind] : 0;
}

/* The integer type of an enum, other types themselves. */
const RtType *rt_underlying(const RtType *type) {
    return rt_category(type) == RT_FLAG_CATEGORY_PRIMITIVE && type->element ? type->element : type;
}

/* Whether a primitive value may stand for one of another type: no integer loses a value, Char and UInt16 are one. */
bool rt_can_widen(int to, int from) {
    bool from_signed, to_signed;
    int from_size = integer_size(from, &from_signed), to_size = integer_size(to, &to_signed);
    bool to_float = to == 0x0C || to == 0x0D;
    if (to == from || (to == 0x0D && from == 0x0C))
        return true;
    if (!from_size || (!to_size && !to_float))
        return false;
    return to_float || (to_signed ? to_size > from_size : !from_signed && to_size >= from_size);
}

/* Leaves a primitive value in its wider type; false when there is no such conversion. */
static bool widen(void *target, int to, const void *source, int from) {
    bool is_signed;
    int size = integer_size(from, &is_signed);
    if (!rt_can_widen(to, from))
        return false;
    if (!size) {
        *(double *)target = *(const float *)source;
        return true;
    }
    int64_t value = 0;
    memcpy(&value, source, (size_t)size);
    if (is_signed && size < 8)
        value = (int64_t)((uint64_t)value << (64 - 8 * size)) >> (64 - 8 * size);
    if (to == 0x0C)
        *(float *)target = is_signed ? (float)value : (float)(uint64_t)value;
    else if (to == 0x0D)
        *(double *)target = is_signed ? (double)value : (double)(uint64_t)value;
    else
        memcpy(target, &value, (size_t)integer_size(to, &is_signed));
    return true;
}

void rt_dynamic_value(void *target, RtObject *element, const RtType *type) {
    if (!element)
        return;
    const RtType *source = element->type;
    if (rt_category(type) == RT_FLAG_CATEGORY_NULLABLE && source == type->element) {
        size_t size = (size_t)rt_reflection(source)->value_bytes, whole = (size_t)rt_reflection(type)->value_bytes;
        *(uint8_t *)target = 1;
        memcpy((char *)target + (whole - size), (char *)element + 8, size);
        return;
    }
    const RtType *a = rt_underlying(source), *b = rt_underlying(type);
    if (source == type || (a == b && source != a) || (a == b && type != b))
        memcpy(target, (char *)element + 8, (size_t)rt_reflection(type)->value_bytes);
    else if (!widen(target, rt_reflection(b)->element_type, (char *)element + 8, rt_reflection(a)->element_type))
        wrong_type(source, type);
}

/* Delegate.DynamicInvokeImpl. A delegate type's aux->reserved holds: [1] the number of parameters, [2] the code. */
RtObject *rt_delegate_dynamic_invoke(RtObject *delegate, RtArray *arguments) {
    RtAux *aux = delegate->type->aux;
    if ((arguments ? arguments->length : 0) != aux->reserved[1])
        rt_throw_message(RT_THROW_TARGET_PARAMETER_COUNT, "Parameter count mismatch.");
    RtObject *exception = NULL;
    RtObject *result = rt_call_guarded((RtObject * (*)(RtObject *, RtArray *))(uintptr_t) aux->reserved[2], delegate, arguments, &exception);
    if (exception && is_about_argument) {
        is_about_argument = false;
        rt_throw(exception);
    }
    if (exception)
        rt_throw(rt_make_target_invocation(exception));
    return result;
}

/* ---- making objects of types that are known at run time only ---- */

static _Noreturn void require_constructor(const RtType *type) {
    const RtReflection *record = rt_reflection(type);
    char text[1024];
    if (type->flags & RT_FLAG_HAS_COMPONENT_SIZE || !(type->flags & 0x200) || record->attributes & 0x80) {
        snprintf(text, sizeof text, "Cannot dynamically create an instance of type '%s'. Reason: No parameterless constructor defined.", record->to_string);
        rt_throw_message(RT_THROW_MISSING_METHOD, text);
    }
    snprintf(text, sizeof text, "The constructor of '%s' was not kept: name the type by typeof where it is created.", record->to_string);
    rt_throw_unsupported(text);
}

/* RuntimeType.CreateInstanceDefaultCtor. What the constructor throws is wrapped when the caller asks for it. */
RtObject *rt_create_instance(RtObject *runtime_type, uint8_t public_only, uint8_t wrap_exceptions) {
    (void)public_only;
    const RtType *type = rt_type_of_object(runtime_type);
    const RtReflection *record = rt_reflection(type);
    if (rt_category(type) == RT_FLAG_CATEGORY_NULLABLE)
        return NULL;
    if (!record->default_constructor && !rt_is_value_type(type))
        require_constructor(type);
    RtObject *object = rt_new(type);
    if (!record->default_constructor)
        return object;
    void *self = rt_is_value_type(type) ? (void *)((char *)object + 8) : (void *)object;
    RtObject *exception = NULL;
    rt_call_guarded((RtObject * (*)(RtObject *, RtArray *))(uintptr_t) record->default_constructor, self, NULL, &exception);
    if (exception)
        rt_throw(wrap_exceptions ? rt_make_target_invocation(exception) : exception);
    return object;
}

/* Array.CreateInstance. `is_array_type` says whether the handle is the array's own type or its element's. */
void qc_Array_CreateInstance(RtObject **local, const RtType *type, int32_t rank, const int32_t *lengths, const int32_t *lower_bounds,
                             int32_t is_array_type, RtObject **result) {
    (void)local;
    const RtType *array = is_array_type ? type : rt_reflection(type)->vector;
    if (!array || (!is_array_type && (rank != 1 || (lower_bounds && lower_bounds[0])))) {
        char text[1024];
        snprintf(text, sizeof text, "Arrays of '%s' with rank %d are not part of the compiled program.", rt_reflection(type)->to_string, rank);
        rt_throw_unsupported(text);
    }
    if (rt_category(array) == RT_FLAG_CATEGORY_SZARRAY)
        *result = rt_new_array(array, lengths[0]);
    else
        *result = rt_new_general_array(array, lengths, rank);
}

/* Activator.CreateInstance<T> of a class: what the constructor throws is wrapped. */
RtObject *rt_new_by_constructor(const RtType *type, void (*constructor)(void *)) {
    RtObject *object = rt_new(type);
    RtObject *exception = NULL;
    rt_call_guarded((RtObject * (*)(RtObject *, RtArray *))(uintptr_t) constructor, object, NULL, &exception);
    if (exception)
        rt_throw(rt_make_target_invocation(exception));
    return object;
}

/* How reflection boxes values of a type: by rt_new, and where the value of a Nullable<T> stands. */
void qc_ReflectionInvocation_GetBoxInfo(RtObject **local, const RtType *type, void **allocator, const void **argument, int32_t *nullable_offset,
                                        uint32_t *value_bytes) {
    (void)local;
    bool is_nullable = rt_category(type) == RT_FLAG_CATEGORY_NULLABLE;
    const RtType *boxed = is_nullable ? type->element : type;
    *allocator = (void *)(uintptr_t)rt_new;
    *argument = boxed;
    *value_bytes = (uint32_t)rt_reflection(boxed)->value_bytes;
    *nullable_offset = is_nullable ? rt_reflection(type)->value_bytes - rt_reflection(boxed)->value_bytes : 0;
}

/* ---- what the class library's own caches of activators ask ---- */

static void no_constructor(void *object) { (void)object; }

/* How objects of a type are made and initialized. */
void qc_RuntimeTypeHandle_GetActivationInfo(RtObject **runtime_type, void **allocator, const void **argument, void **reference_constructor,
                                            void **value_constructor, int32_t *is_public) {
    const RtType *type = rt_type_of_object(*runtime_type);
    const RtReflection *record = rt_reflection(type);
    *allocator = (void *)(uintptr_t)rt_new;
    *argument = type;
    *is_public = 1;
    if (rt_is_value_type(type)) {
        *reference_constructor = *value_constructor = (void *)(uintptr_t)(record->default_constructor ? record->default_constructor : no_constructor);
        return;
    }
    if (!record->default_constructor)
        require_constructor(type);
    *reference_constructor = *value_constructor = (void *)(uintptr_t)record->default_constructor;
}

void qc_ReflectionSerialization_GetCreateUninitializedObjectInfo(RtObject **local, const RtType *type, void **allocator, const void **argument) {
    (void)local;
    *allocator = (void *)(uintptr_t)rt_new;
    *argument = rt_category(type) == RT_FLAG_CATEGORY_NULLABLE ? type->element : type;
}
