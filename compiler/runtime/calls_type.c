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
RtObject *rt_method_handle(const struct RtReflectedMethod *method);
RtObject *ic_RuntimeTypeHandle_GetDeclaringMethod(RtObject *t) {
    const RtReflection *record = rt_reflection(type_of(t));
    return record->element_type == 0x1E && record->declaring_method ? rt_method_handle(record->declaring_method) : NULL;
}
int32_t ic_RuntimeTypeHandle_GetGenericVariableIndex(RtObject *t) { return rt_reflection(type_of(t))->rank; }

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
static bool is_primitive(const RtType *type) {
    uint32_t category = rt_category(type);
    return category == RT_FLAG_CATEGORY_PRIMITIVE || category == RT_FLAG_CATEGORY_TRUE_PRIMITIVE; /* an enum, a primitive type */
}

/* Whether reflection converts values of one type to another: by widening of primitives and enums, from any pointer to void*. */
bool ic_RuntimeType_CanValueSpecialCast(RtObject *value, RtObject *target) {
    const RtType *from = type_of(value), *to = type_of(target);
    if (rt_reflection(to)->element_type == 0x0F)
        return from == to || (rt_reflection(from)->element_type == 0x0F && rt_reflection(to->element)->element_type == 0x01);
    return is_primitive(from) && is_primitive(to) &&
           rt_can_widen(rt_reflection(rt_underlying(to))->element_type, rt_reflection(rt_underlying(from))->element_type);
}
bool ic_RuntimeTypeHandle_IsInstanceOfType(RtObject *t, RtObject *object) {
    const RtType *type = type_of(t);
    return object && rt_can_cast(object->type, rt_category(type) == RT_FLAG_CATEGORY_NULLABLE ? type->element : type);
}
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

/* ---- types made of others: those that the program has ---- */

extern const RtType *const rt_all_types[]; /* empty unless the program reaches a call that looks types up */
extern const uint64_t rt_all_type_count;

static _Noreturn void not_compiled(const char *before, const RtType *type, const char *after) {
    char text[1024];
    snprintf(text, sizeof text, "%s'%s%s' is not part of the compiled program", before, rt_reflection(type)->to_string, after);
    rt_throw_unsupported(text);
}

void qc_RuntimeTypeHandle_Instantiate(RtObject **local, const RtType *type, const RtType *const *arguments, int32_t n_arguments, RtObject **result) {
    (void)local;
    for (uint64_t i = 0; i < rt_all_type_count; i++) {
        const RtReflection *record = rt_reflection(rt_all_types[i]);
        if (record->definition == type && record->n_arguments == n_arguments &&
            memcmp(record->arguments, arguments, sizeof *arguments * (size_t)n_arguments) == 0) {
            *result = rt_type_object(rt_all_types[i]);
            return;
        }
    }
    char text[1024];
    size_t used = (size_t)snprintf(text, sizeof text, "[");
    for (int32_t i = 0; i < n_arguments && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? "," : "", rt_reflection(arguments[i])->to_string);
    if (used < sizeof text)
        snprintf(text + used, sizeof text - used, "]");
    not_compiled("", type, text);
}

static RtObject *made_of(const RtType *element, int kind, int rank, const char *suffix) {
    for (uint64_t i = 0; i < rt_all_type_count; i++) {
        const RtType *type = rt_all_types[i];
        if (type->element == element && rt_reflection(type)->element_type == kind && rt_reflection(type)->rank == rank)
            return rt_type_object(type);
    }
    not_compiled("", element, suffix);
}

void qc_RuntimeTypeHandle_MakeSZArray(RtObject **local, const RtType *type, RtObject **result) {
    (void)local;
    *result = rt_reflection(type)->vector ? rt_type_object(rt_reflection(type)->vector) : made_of(type, 0x1D, 0, "[]");
}
void qc_RuntimeTypeHandle_MakeArray(RtObject **local, const RtType *type, int32_t rank, RtObject **result) {
    (void)local;
    *result = made_of(type, 0x14, rank, rank == 1 ? "[*]" : "[,]");
}
void qc_RuntimeTypeHandle_MakeByRef(RtObject **local, const RtType *type, RtObject **result) {
    (void)local;
    *result = made_of(type, 0x10, 0, "&");
}
void qc_RuntimeTypeHandle_MakePointer(RtObject **local, const RtType *type, RtObject **result) {
    (void)local;
    *result = made_of(type, 0x0F, 0, "*");
}

void qc_RuntimeTypeHandle_GetConstraints(RtObject **local, const RtType *type, RtObject **result) {
    (void)local, (void)type;
    *result = type_array(NULL, 0); /* constraints are checked when the program is compiled */
}
/* What did not satisfy its constraints could not be compiled. */
bool ic_RuntimeTypeHandle_SatisfiesConstraints(RtObject *parameter, const RtType *const *type_context, int32_t n_type, const RtType *const *method_context,
                                               int32_t n_method, RtObject *argument) {
    (void)parameter, (void)type_context, (void)n_type, (void)method_context, (void)n_method, (void)argument;
    return true;
}

int32_t qc_RuntimeTypeHandle_IsVisible(RtObject **local, const RtType *type) {
    (void)local;
    for (; type; type = rt_reflection(type)->declaring) {
        while (type->element && (rt_is_array(type) || rt_reflection(type)->element_type == 0x0F || rt_reflection(type)->element_type == 0x10))
            type = type->element;
        uint32_t visibility = rt_reflection(type)->attributes & 7;
        if (visibility != 1 && visibility != 2)
            return 0;
        for (int32_t i = 0; i < rt_reflection(type)->n_arguments; i++)
            if (!qc_RuntimeTypeHandle_IsVisible(local, rt_reflection(type)->arguments[i]))
                return 0;
    }
    return 1;
}

int32_t qc_RuntimeTypeHandle_IsCollectible(RtObject **local, const RtType *type) {
    (void)local, (void)type;
    return 0;
}
void qc_RuntimeTypeHandle_RegisterCollectibleTypeDependency(RtObject **local, const RtType *type, RtObject **other, const char *assembly) {
    (void)local, (void)type, (void)other, (void)assembly;
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
