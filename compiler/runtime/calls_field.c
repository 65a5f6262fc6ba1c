/* Internal calls of RuntimeFieldHandle: fields by reflection. */
#include "reflect.h"

#include <string.h>

const RtReflectedField *rt_field_of_object(RtObject *field) {
    const RtType *type = field->type;
    if (type == rt_known_types[RT_TYPE_RT_FIELD_INFO])
        return *(const RtReflectedField **)rt_field(field, RT_FIELD_FIELD_HANDLE);
    if (type == rt_known_types[RT_TYPE_RUNTIME_FIELD_INFO_STUB])
        return *(const RtReflectedField **)rt_field(field, RT_FIELD_FIELD_STUB_HANDLE);
    rt_throw_unsupported(rt_reflection(type)->to_string);
}

/* A RuntimeFieldHandle of a field that code names (ldtoken). */
RtObject *rt_field_handle(const RtReflectedField *field) {
    RtObject *stub = rt_new(rt_known_types[RT_TYPE_RUNTIME_FIELD_INFO_STUB]);
    *(const RtReflectedField **)rt_field(stub, RT_FIELD_FIELD_STUB_HANDLE) = field;
    return stub;
}

RtString *ic_RuntimeFieldHandle_GetName(RtObject *field) { return rt_string_utf8(rt_field_of_object(field)->name); }
const char *ic_RuntimeFieldHandle__GetUtf8Name(const RtReflectedField *field) { return field->name; }
uint32_t ic_RuntimeFieldHandle_GetAttributes(const RtReflectedField *field) { return field->flags; }
RtObject *ic_RuntimeFieldHandle_GetApproxDeclaringType(const RtReflectedField *field) { return rt_type_object(field->owner); }
int32_t ic_RuntimeFieldHandle_GetToken(RtObject *field) { return (int32_t)rt_field_of_object(field)->token; }
bool ic_RuntimeFieldHandle_AcquiresContextFromThis(const RtReflectedField *field) {
    (void)field;
    return false;
}
/* The fast path reads the layout of CoreCLR's own FieldDesc. */
bool ic_RuntimeFieldHandle_IsFastPathSupported(RtObject *field) {
    (void)field;
    return false;
}
RtObject *ic_RuntimeFieldHandle_GetLoaderAllocator(const RtReflectedField *field) {
    (void)field;
    return NULL;
}
int32_t ic_RuntimeFieldHandle_GetInstanceFieldOffset(RtObject *field) { return (int32_t)rt_field_of_object(field)->offset; }
void *ic_RuntimeFieldHandle_GetStaticFieldAddress(RtObject *field) { return rt_field_of_object(field)->storage(); }

const RtReflectedField *ic_RuntimeFieldHandle_GetStaticFieldForGenericType(const RtReflectedField *field, RtObject *declaring) {
    const RtMembers *members = rt_members_of(rt_type_of_object(declaring));
    for (int32_t i = 0; i < members->n_fields; i++)
        if (members->fields[i]->token == field->token)
            return members->fields[i];
    return field;
}

extern RtObject *rt_call_guarded(RtObject *(*code)(RtObject *, RtArray *), RtObject *a, RtArray *b, RtObject **exception);
extern RtObject *rt_make_target_invocation(RtObject *inner);

/* What the type's initializer throws is wrapped, as by a call. */
static char *address_of(const RtReflectedField *field, RtObject *target) {
    if (!field->storage)
        return (char *)target + 8 + field->offset;
    RtObject *exception = NULL;
    void *address = rt_call_guarded((RtObject * (*)(RtObject *, RtArray *))(uintptr_t) field->storage, NULL, NULL, &exception);
    if (exception)
        rt_throw(rt_make_target_invocation(exception));
    return address;
}

static RtObject *read_location(const RtType *type, const char *location) {
    int kind = rt_reflection(type)->element_type;
    if (kind == 0x0F || kind == 0x1B)
        rt_throw_unsupported("fields of pointer types by reflection");
    return rt_is_value_type(type) ? rt_box(type, location) : *(RtObject *const *)location;
}

/* The value has been checked and converted to the field's type; null stands for default(T). */
static void write_location(const RtType *type, char *location, RtObject *value) {
    if (!rt_is_value_type(type)) {
        *(RtObject **)location = value;
        return;
    }
    size_t size = (size_t)rt_reflection(type)->value_bytes;
    if (rt_category(type) == RT_FLAG_CATEGORY_NULLABLE && value && value->type == type->element) {
        size_t inner = (size_t)rt_reflection(type->element)->value_bytes;
        memset(location, 0, size);
        *(uint8_t *)location = 1;
        memcpy(location + (size - inner), (char *)value + 8, inner);
        return;
    }
    if (value)
        memcpy(location, (char *)value + 8, size);
    else
        memset(location, 0, size);
}

RtObject *ic_RuntimeFieldHandle_GetValue(RtObject *field, RtObject *target, RtObject *type, RtObject *declaring, uint8_t *is_initialized) {
    (void)declaring;
    *is_initialized = 1;
    return read_location(rt_type_of_object(type), address_of(rt_field_of_object(field), target));
}

void ic_RuntimeFieldHandle_SetValue(RtObject *field, RtObject *target, RtObject *value, RtObject *type, RtObject *declaring, uint8_t *is_initialized) {
    (void)declaring;
    *is_initialized = 1;
    write_location(rt_type_of_object(type), address_of(rt_field_of_object(field), target), value);
}

int32_t qc_RuntimeFieldHandle_GetRVAFieldInfo(const RtReflectedField *field, void **address, uint32_t *n_bytes) {
    if (!(field->flags & 0x100) || !field->storage)
        return 0;
    *address = field->storage();
    *n_bytes = (uint32_t)rt_reflection(field->type)->value_bytes;
    return 1;
}
