/* Internal calls of System.RuntimeType, RuntimeTypeHandle and Enum: reflection's view of a type. */
#include "calls.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const RtType *type_of(RtObject *runtime_type) { return rt_type_of_object(runtime_type); }

int32_t ic_RuntimeTypeHandle_GetCorElementType(RtObject *t) { return rt_reflection(type_of(t))->element_type; }
uint32_t ic_RuntimeTypeHandle_GetAttributes(RtObject *t) { return rt_reflection(type_of(t))->attributes; }
int32_t ic_RuntimeTypeHandle_GetToken(RtObject *t) { return (int32_t)rt_reflection(type_of(t))->token; }
int32_t ic_RuntimeTypeHandle_GetArrayRank(RtObject *t) {
    int32_t rank = rt_reflection(type_of(t))->rank;
    return rank ? rank : 1;
}
int32_t ic_RuntimeTypeHandle_GetNumVirtuals(RtObject *t) { return type_of(t)->n_virtuals; }
bool ic_RuntimeTypeHandle_IsGenericVariable(RtObject *t) {
    int kind = rt_reflection(type_of(t))->element_type;
    return kind == 0x13 || kind == 0x1E;
}
bool ic_RuntimeTypeHandle_ContainsGenericVariables(RtObject *t) {
    const RtType *type = type_of(t);
    while (type->element && (rt_is_array(type) || rt_reflection(type)->element_type == 0x0F || rt_reflection(type)->element_type == 0x10))
        type = type->element;
    return (type->flags & 0x80000000u) == 0 && (type->flags & 0x30) == 0x30;
}

RtObject *ic_RuntimeTypeHandle_GetBaseType(RtObject *t) {
    const RtType *type = type_of(t);
    return rt_category(type) == RT_FLAG_CATEGORY_INTERFACE || !type->parent ? NULL : rt_type_object(type->parent);
}
RtObject *ic_RuntimeTypeHandle_GetElementType(RtObject *t) {
    const RtType *type = type_of(t);
    int kind = rt_reflection(type)->element_type;
    bool has = rt_is_array(type) || kind == 0x0F || kind == 0x10;
    return has && type->element ? rt_type_object(type->element) : NULL;
}
RtObject *ic_RuntimeTypeHandle_GetDeclaringType(RtObject *t) {
    const RtType *declaring = rt_reflection(type_of(t))->declaring;
    return declaring ? rt_type_object(declaring) : NULL;
}
RtObject *ic_RuntimeTypeHandle_GetDeclaringMethod(RtObject *t) {
    (void)t; /* method type parameters have no RuntimeType in a compiled program */
    return NULL;
}

static RtObject *type_array(const RtType *const *types, int64_t count) {
    RtArray *array = (RtArray *)rt_new_array(rt_known_types[RT_TYPE_RUNTIME_TYPE_ARRAY], count);
    for (int64_t i = 0; i < count; i++)
        ((RtObject **)array->data)[i] = rt_type_object(types[i]);
    return (RtObject *)array;
}

RtObject *ic_RuntimeTypeHandle_GetInterfaces(RtObject *t) {
    const RtType *type = type_of(t);
    return type_array(type->interfaces, (int64_t)type->n_exact_interfaces);
}

bool ic_RuntimeTypeHandle_CanCastTo(RtObject *source, RtObject *target) { return rt_can_cast(type_of(source), type_of(target)); }
bool ic_RuntimeType_CanValueSpecialCast(RtObject *value, RtObject *target) { return rt_can_cast(type_of(value), type_of(target)); }
bool ic_RuntimeTypeHandle_IsInstanceOfType(RtObject *t, RtObject *object) { return object && rt_can_cast(object->type, type_of(t)); }
bool ic_RuntimeTypeHandle_IsEquivalentTo(RtObject *a, RtObject *b) { return a == b; }
const char *ic_RuntimeTypeHandle__GetUtf8Name(RtObject *t) { return rt_reflection(type_of(t))->name; }

void qc_RuntimeTypeHandle_GetInstantiation(RtObject **local, const RtType *type, RtObject **types, int32_t as_runtime_types) {
    (void)local, (void)as_runtime_types;
    const RtReflection *record = rt_reflection(type);
    *types = record->n_arguments ? type_array(record->arguments, record->n_arguments) : NULL;
}

void qc_RuntimeTypeHandle_GetGenericTypeDefinition(RtObject **local, const RtType *type, RtObject **result) {
    (void)local;
    const RtType *definition = rt_reflection(type)->definition;
    *result = rt_type_object(definition ? definition : type);
}

void *qc_QCall_GetGCHandleForTypeHandle(RtObject **local, const RtType *type, int32_t kind) {
    (void)local, (void)type;
    return rt_handle_new(NULL, kind);
}
void *qc_QCall_FreeGCHandleForTypeHandle(RtObject **local, const RtType *type, void *handle) {
    (void)local, (void)type;
    rt_handle_free(handle);
    return NULL;
}

/* RuntimeType.GetCachedName: TypeNameKind is Name 0, ToString 1, FullName 2. */
RtString *rt_type_cached_name(RtObject *t, int32_t kind) {
    const RtType *type = type_of(t);
    const RtReflection *record = rt_reflection(type);
    if (kind == 2 && ic_RuntimeTypeHandle_IsGenericVariable(t))
        return NULL;
    return rt_string_utf8(kind == 0 ? record->name : kind == 1 ? record->to_string : type->aux->full_name);
}

RtString *rt_type_namespace(RtObject *t) {
    const char *name = rt_reflection(type_of(t))->namespace_;
    return *name ? rt_string_utf8(name) : NULL;
}

/* TypeNameFormatFlags: namespaces 1, full instantiations 2, assemblies 4. */
void qc_RuntimeTypeHandle_ConstructName(RtObject **local, const RtType *type, int32_t flags, RtString **result) {
    (void)local;
    const RtReflection *record = rt_reflection(type);
    *result = rt_string_utf8(!(flags & 1) ? record->name : flags & 2 ? type->aux->full_name : record->to_string);
}

void rt_run_class_constructor(RtClassConstructor *record);
void qc_ReflectionInvocation_RunClassConstructor(RtObject **local, const RtType *type) {
    (void)local;
    if (rt_reflection(type)->initializer)
        rt_run_class_constructor(rt_reflection(type)->initializer);
}

/* ---- Enum ---- */

bool rt_enum_has_flags(RtObject *t) {
    const RtEnum *members = rt_reflection(type_of(t))->members;
    return members && members->has_flags;
}

static int by_unsigned_value(const void *a, const void *b) {
    const RtEnumMember *x = *(const RtEnumMember *const *)a, *y = *(const RtEnumMember *const *)b;
    if (x->value != y->value)
        return (uint64_t)x->value < (uint64_t)y->value ? -1 : 1;
    return (x > y) - (x < y);
}

/* Values in order as unsigned numbers of the underlying width, names in the same order. */
void qc_Enum_GetValuesAndNames(RtObject **local, const RtType *type, RtObject **values, RtObject **names, int32_t wants_names) {
    (void)local;
    const RtEnum *members = rt_reflection(type)->members;
    int32_t count = members ? members->count : 0;
    int32_t size = rt_reflection(type)->value_bytes;
    static const int array_types[] = {[1] = RT_TYPE_BYTE_ARRAY, [2] = RT_TYPE_UINT16_ARRAY, [4] = RT_TYPE_UINT32_ARRAY, [8] = RT_TYPE_UINT64_ARRAY};
    RtEnumMember *copies = malloc(sizeof *copies * (size_t)(count + 1));
    const RtEnumMember **order = malloc(sizeof *order * (size_t)(count + 1));
    if (!copies || !order)
        rt_fail_fast("out of memory");
    uint64_t mask = size == 8 ? ~0ull : (1ull << (8 * size)) - 1;
    for (int32_t i = 0; i < count; i++) {
        copies[i] = members->members[i];
        copies[i].value = (int64_t)((uint64_t)copies[i].value & mask);
        order[i] = &copies[i];
    }
    qsort(order, (size_t)count, sizeof *order, by_unsigned_value);
    *values = rt_new_array(rt_known_types[array_types[size]], count);
    for (int32_t i = 0; i < count; i++)
        memcpy(((RtArray *)*values)->data + (size_t)i * (size_t)size, &order[i]->value, (size_t)size);
    if (wants_names) {
        *names = rt_new_array(rt_known_types[RT_TYPE_STRING_ARRAY], count);
        for (int32_t i = 0; i < count; i++) {
            RtObject *name = (RtObject *)rt_string_utf8(order[i]->name);
            ((RtObject **)((RtArray *)*names)->data)[i] = name;
        }
    }
    free(copies);
    free(order);
}

bool rt_type_handle_can_cast(const RtType *source, const RtType *target) { return rt_can_cast(source, target); }

bool rt_type_handle_can_cast_to(const RtType *const *source, const RtType *target) { return rt_can_cast(*source, target); }

/* RuntimeTypeCache(RuntimeType): no type of a compiled program is a module's global type. */
void rt_type_cache_init(RtObject *cache, RtObject *runtime_type) {
    *(RtObject **)rt_field(cache, RT_FIELD_TYPE_CACHE_TYPE) = runtime_type;
}

/* ---- methods behind delegates ---- */

const char *rt_method_record(const void *code);

typedef struct MethodObject {
    struct MethodObject *next;
    const char *record;
    void *handle;
} MethodObject;
static MethodObject *method_objects;
static pthread_mutex_t method_lock = PTHREAD_MUTEX_INITIALIZER;

/* The RuntimeMethodInfo for a method's record: one object per method, kept for good. */
static RtObject *method_object(const char *record) {
    pthread_mutex_lock(&method_lock);
    for (MethodObject *m = method_objects; m; m = m->next)
        if (m->record == record) {
            RtObject *found = rt_handle_get(m->handle);
            pthread_mutex_unlock(&method_lock);
            return found;
        }
    pthread_mutex_unlock(&method_lock);
    RtObject *object = rt_new(rt_known_types[RT_TYPE_RUNTIME_METHOD_INFO]);
    *(const char **)rt_field(object, RT_FIELD_METHOD_HANDLE) = record;
    *(uint32_t *)rt_field(object, RT_FIELD_METHOD_ATTRIBUTES) = (uint32_t)(uint8_t)record[0] | (uint32_t)(uint8_t)record[1] << 8;
    const char *name = strchr(record + 2, 1), *end = name ? strchr(name, 2) : NULL;
    char text[512] = "";
    if (end)
        snprintf(text, sizeof text, "%.*s", (int)(end - name - 1), name + 1);
    RtObject *simple = (RtObject *)rt_string_utf8(text);
    *(RtObject **)rt_field(object, RT_FIELD_METHOD_NAME) = simple;
    MethodObject *entry = malloc(sizeof *entry);
    if (!entry)
        rt_fail_fast("out of memory");
    entry->record = record;
    entry->handle = rt_handle_new(object, 2);
    pthread_mutex_lock(&method_lock);
    entry->next = method_objects;
    method_objects = entry;
    pthread_mutex_unlock(&method_lock);
    return object;
}

/* Delegate.Method: the method of the last delegate in the list. Delegates hold { target +8, code +24, static code +32, list +40, count +48 }. */
RtObject *rt_delegate_method(RtObject *delegate) {
    RtArray *list = *(RtArray **)((char *)delegate + 40);
    int64_t count = *(int64_t *)((char *)delegate + 48);
    if (list && count > 0)
        delegate = ((RtObject **)list->data)[count - 1];
    void *code = *(void **)((char *)delegate + 32);
    const char *record = code ? rt_method_record(code) : NULL;
    if (!record)
        record = rt_method_record(*(void **)((char *)delegate + 24));
    if (!record)
        rt_throw_unsupported("Delegate.Method of this kind of delegate");
    return method_object(record);
}
