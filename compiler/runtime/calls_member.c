/* Internal calls of RuntimeTypeHandle, RuntimeMethodHandle and Signature about methods, and calling them by reflection. */
#include "reflect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <alloca.h>

extern void *const rt_dispatch_table[];

const RtMembers *rt_members_of(const RtType *type) { return &rt_members[rt_reflection(type)->member_place]; }

const RtReflectedMethod *rt_method_of_object(RtObject *method) {
    const RtType *type = method->type;
    if (type == rt_known_types[RT_TYPE_RUNTIME_METHOD_INFO])
        return *(const RtReflectedMethod **)rt_field(method, RT_FIELD_METHOD_HANDLE);
    if (type == rt_known_types[RT_TYPE_RUNTIME_CONSTRUCTOR_INFO])
        return *(const RtReflectedMethod **)rt_field(method, RT_FIELD_CONSTRUCTOR_HANDLE);
    if (type == rt_known_types[RT_TYPE_RUNTIME_METHOD_INFO_STUB])
        return *(const RtReflectedMethod **)rt_field(method, RT_FIELD_METHOD_STUB_VALUE);
    rt_throw_unsupported(rt_reflection(type)->to_string);
}

const RtReflectedMethod *rt_find_method(const RtType *owner, uint32_t token) {
    const RtMembers *members = rt_members_of(owner);
    for (int32_t i = 0; i < members->n_methods; i++)
        if (members->methods[i]->token == token)
            return members->methods[i];
    return NULL;
}

const RtReflectedMethod *rt_find_instance(const RtReflectedMethod *method, const RtType *owner, const RtType *const *arguments, int32_t n_arguments) {
    const RtModule *module = rt_module_of_assembly(rt_reflection(owner)->assembly);
    for (const RtRow *row = rt_find_row(module, method->token); row && row < module->rows + module->n_rows && row->token == method->token; row++) {
        const RtReflectedMethod *candidate = row->record;
        if (candidate->owner != owner || candidate->is_definition || candidate->n_arguments != n_arguments)
            continue;
        if (memcmp(candidate->arguments, arguments, sizeof *arguments * (size_t)n_arguments) == 0)
            return candidate;
    }
    return NULL;
}

/* ---- RuntimeTypeHandle ---- */

const RtReflectedMethod *ic_RuntimeTypeHandle_GetFirstIntroducedMethod(RtObject *t) {
    const RtMembers *members = rt_members_of(rt_type_of_object(t));
    return members->n_methods ? members->methods[0] : NULL;
}

void ic_RuntimeTypeHandle_GetNextIntroducedMethod(const RtReflectedMethod **method) {
    const RtMembers *members = rt_members_of((*method)->owner);
    int32_t next = (*method)->place + 1;
    *method = next < members->n_methods ? members->methods[next] : NULL;
}

bool ic_RuntimeTypeHandle_GetFields(RtObject *t, const RtReflectedField **result, int32_t *count) {
    const RtMembers *members = rt_members_of(rt_type_of_object(t));
    bool fits = members->n_fields <= *count;
    *count = members->n_fields;
    for (int32_t i = 0; fits && i < members->n_fields; i++)
        result[i] = members->fields[i];
    return fits;
}

/* Slots of the type and its base types as far as members of them are known. */
static int32_t slot_count(const RtType *type) {
    int32_t count = 0;
    for (; type; type = type->parent) {
        int32_t own = rt_members_of(type)->n_slots;
        count = own > count ? own : count;
    }
    return count;
}
int32_t ic_RuntimeTypeHandle_GetNumVirtuals(RtObject *t) { return slot_count(rt_type_of_object(t)); }
int32_t qc_RuntimeTypeHandle_GetNumVirtualsAndStaticVirtuals(RtObject **local, const RtType *type) {
    (void)local;
    return slot_count(type);
}

/* The most derived kept method in a slot. */
const RtReflectedMethod *ic_RuntimeTypeHandle_GetMethodAt(RtObject *t, int32_t slot) {
    for (const RtType *type = rt_type_of_object(t); type; type = type->parent) {
        const RtMembers *members = rt_members_of(type);
        for (int32_t i = 0; i < members->n_methods; i++)
            if (members->methods[i]->slot == slot)
                return members->methods[i];
    }
    return NULL;
}

bool ic_RuntimeTypeHandle_CompareCanonicalHandles(RtObject *a, RtObject *b) { return a == b; }
bool ic_RuntimeTypeHandle_IsUnmanagedFunctionPointer(RtObject *t) {
    (void)t;
    return false;
}

/* ---- interface maps ---- */

void qc_RuntimeTypeHandle_VerifyInterfaceIsImplemented(RtObject **local, const RtType *type, RtObject **other, const RtType *interface) {
    (void)local, (void)other;
    if (rt_category(interface) != RT_FLAG_CATEGORY_INTERFACE || !rt_can_cast(type, interface))
        rt_throw_message(RT_THROW_ARGUMENT, "Interface not found.");
}

/* The kept method behind an interface's on a type; NULL when it was not kept. */
const RtReflectedMethod *qc_RuntimeTypeHandle_GetInterfaceMethodImplementation(RtObject **local, const RtType *type, RtObject **other,
                                                                               const RtType *interface, const RtReflectedMethod *method) {
    (void)local, (void)other, (void)interface;
    const void *code = method->selector ? rt_dispatch_table[(uint32_t)*method->selector + type->flags2] : NULL;
    for (const RtType *owner = type; code && owner; owner = owner->parent) {
        const RtMembers *members = rt_members_of(owner);
        for (int32_t i = 0; i < members->n_methods; i++)
            if (members->methods[i]->boxed_code == code)
                return members->methods[i];
    }
    return code && method->boxed_code == code ? method : NULL;
}

/* ---- RuntimeMethodHandle ---- */

RtObject *ic_RuntimeMethodHandle_GetDeclaringType(const RtReflectedMethod *method) {
    if (!method->owner)
        rt_throw_unsupported("members of a method that was not kept for reflection");
    return rt_type_object(method->owner);
}
uint32_t ic_RuntimeMethodHandle_GetAttributes(const RtReflectedMethod *method) { return method->flags & 0xFFFF; }
int32_t ic_RuntimeMethodHandle_GetImplAttributes(RtObject *method) { return (int32_t)(rt_method_of_object(method)->flags >> 16); }
int32_t ic_RuntimeMethodHandle_GetMethodDef(RtObject *method) { return (int32_t)rt_method_of_object(method)->token; }
/* Slots of methods that are not virtual lie past all others. */
int32_t ic_RuntimeMethodHandle_GetSlot(const RtReflectedMethod *method) { return method->slot < 0 ? INT32_MAX : method->slot; }
RtString *ic_RuntimeMethodHandle_GetName(const RtReflectedMethod *method) { return rt_string_utf8(method->name); }
const char *ic_RuntimeMethodHandle__GetUtf8Name(const RtReflectedMethod *method) { return method->name; }
int32_t ic_RuntimeMethodHandle_GetGenericParameterCount(const RtReflectedMethod *method) { return method->n_arguments; }
bool ic_RuntimeMethodHandle_HasMethodInstantiation(const RtReflectedMethod *method) { return method->n_arguments != 0; }
bool ic_RuntimeMethodHandle_IsGenericMethodDefinition(const RtReflectedMethod *method) { return method->is_definition != 0; }
bool ic_RuntimeMethodHandle_IsTypicalMethodDefinition(RtObject *object) {
    const RtReflectedMethod *method = rt_method_of_object(object);
    return (method->n_arguments == 0 || method->is_definition) && !rt_reflection(method->owner)->definition;
}
bool ic_RuntimeMethodHandle_IsConstructor(const RtReflectedMethod *method) {
    return (method->flags & 0x1000) && (strcmp(method->name, ".ctor") == 0 || strcmp(method->name, ".cctor") == 0);
}
bool ic_RuntimeMethodHandle_IsDynamicMethod(const RtReflectedMethod *method) {
    (void)method;
    return false;
}
RtObject *ic_RuntimeMethodHandle_GetResolver(const RtReflectedMethod *method) {
    (void)method;
    return NULL;
}
RtObject *ic_RuntimeMethodHandle_GetLoaderAllocator(const RtReflectedMethod *method) {
    (void)method;
    return NULL;
}
RtObject *ic_RuntimeMethodHandle_GetMethodBody(RtObject *method, RtObject *declaring) {
    (void)method, (void)declaring;
    return NULL; /* a compiled program has no IL */
}
int32_t qc_RuntimeMethodHandle_GetIsCollectible(const RtReflectedMethod *method) {
    (void)method;
    return 0;
}

static RtObject *runtime_types(const RtType *const *types, int64_t count) {
    RtArray *array = (RtArray *)rt_new_array(rt_known_types[RT_TYPE_RUNTIME_TYPE_ARRAY], count);
    for (int64_t i = 0; i < count; i++)
        ((RtObject **)array->data)[i] = rt_type_object(types[i]);
    return (RtObject *)array;
}

void qc_RuntimeMethodHandle_GetMethodInstantiation(const RtReflectedMethod *method, RtObject **types, int32_t as_runtime_types) {
    (void)as_runtime_types;
    *types = method->n_arguments ? runtime_types(method->arguments, method->n_arguments) : NULL;
}

static RtObject *method_stub(const RtReflectedMethod *method) {
    RtObject *stub = rt_new(rt_known_types[RT_TYPE_RUNTIME_METHOD_INFO_STUB]);
    *(const RtReflectedMethod **)rt_field(stub, RT_FIELD_METHOD_STUB_VALUE) = method;
    return stub;
}

/* A RuntimeMethodHandle of a method that code names (ldtoken). */
RtObject *rt_method_handle(const RtReflectedMethod *method) { return method_stub(method); }

void qc_RuntimeMethodHandle_StripMethodInstantiation(const RtReflectedMethod *method, RtObject **result) {
    if (method->n_arguments && !method->is_definition && !method->definition)
        rt_throw_unsupported("the definition of a generic method that was not kept");
    *result = method_stub(method->definition ? method->definition : method);
}

void qc_RuntimeMethodHandle_GetTypicalMethodDefinition(const RtReflectedMethod *method, RtObject **result) {
    const RtReflectedMethod *found = method->definition ? method->definition : method;
    const RtType *definition = rt_reflection(found->owner)->definition;
    const RtReflectedMethod *opened = definition ? rt_find_method(definition, found->token) : NULL;
    *result = method_stub(opened ? opened : found);
}

void qc_RuntimeMethodHandle_ConstructInstantiation(const RtReflectedMethod *method, int32_t flags, RtString **result) {
    char text[2048];
    size_t used = (size_t)snprintf(text, sizeof text, "[");
    for (int32_t i = 0; i < method->n_arguments && used < sizeof text; i++) {
        const RtType *type = method->arguments[i];
        const char *name = flags & 1 ? rt_reflection(type)->to_string : rt_reflection(type)->name;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? "," : "", name);
    }
    if (used < sizeof text)
        snprintf(text + used, sizeof text - used, "]");
    *result = method->n_arguments ? rt_string_utf8(text) : NULL;
}

static const RtReflectedMethod *on_type(const RtReflectedMethod *method, const RtType *declaring) {
    if (!method->owner || !declaring || declaring == method->owner)
        return method;
    const RtReflectedMethod *found = rt_find_method(declaring, method->token);
    return found && found->name == method->name ? found : method;
}

const RtReflectedMethod *ic_RuntimeMethodHandle_GetMethodFromCanonical(const RtReflectedMethod *method, RtObject *declaring) {
    return on_type(method, rt_type_of_object(declaring));
}

/* MakeGenericMethod: the instance must have been compiled. */
const RtReflectedMethod *ic_RuntimeMethodHandle_GetStubIfNeeded(const RtReflectedMethod *method, RtObject *declaring, RtArray *instantiation) {
    if (!instantiation || !instantiation->length || !method->is_definition)
        return on_type(method, declaring ? rt_type_of_object(declaring) : NULL);
    const RtType **arguments = alloca(sizeof *arguments * instantiation->length);
    for (uint32_t i = 0; i < instantiation->length; i++)
        arguments[i] = rt_type_of_object(((RtObject **)instantiation->data)[i]);
    const RtReflectedMethod *found = rt_find_instance(method, method->owner, arguments, (int32_t)instantiation->length);
    if (!found) {
        char text[1024];
        size_t used = (size_t)snprintf(text, sizeof text, "%s.%s[", rt_reflection(method->owner)->to_string, method->name);
        for (uint32_t i = 0; i < instantiation->length && used < sizeof text; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? "," : "", rt_reflection(arguments[i])->to_string);
        if (used < sizeof text)
            snprintf(text + used, sizeof text - used, "] is not part of the compiled program");
        rt_throw_unsupported(text);
    }
    return found;
}

/* ---- Signature ---- */

static void fill_signature(RtObject *object, const RtSignature *signature, const RtType *declaring) {
    *(int32_t *)rt_field(object, RT_FIELD_SIGNATURE_FLAGS) = (signature->convention & 0x60) | ((signature->convention & 0xF) == 5 ? 2 : 1);
    *(RtObject **)rt_field(object, RT_FIELD_SIGNATURE_RESULT) = rt_type_object(signature->result);
    *(RtObject **)rt_field(object, RT_FIELD_SIGNATURE_DECLARING) = declaring ? rt_type_object(declaring) : NULL;
    RtObject *arguments = runtime_types(signature->parameters, signature->n_parameters);
    *(RtObject **)rt_field(object, RT_FIELD_SIGNATURE_ARGUMENTS) = arguments;
}

/* A property's types are those of an accessor on the same type. */
static void fill_property(RtObject *object, const RtDeclared *declared, const RtType *declaring) {
    const RtReflectedMethod *getter = declared->getter ? rt_find_method(declaring, declared->getter) : NULL;
    const RtReflectedMethod *setter = getter || !declared->setter ? NULL : rt_find_method(declaring, declared->setter);
    if (!getter && !setter)
        rt_throw_unsupported("the type of a property without kept accessors");
    RtSignature signature = *(getter ? getter : setter)->signature;
    if (setter)
        signature.result = signature.parameters[--signature.n_parameters];
    fill_signature(object, &signature, declaring);
}

void ic_Signature_GetSignature(RtObject *object, const RtDeclared *declared, int32_t length, const RtReflectedField *field, RtObject *method,
                               RtObject *declaring) {
    (void)length;
    const RtType *owner = declaring ? rt_type_of_object(declaring) : NULL;
    if (method) {
        const RtReflectedMethod *found = rt_method_of_object(method);
        if (!found->signature)
            rt_throw_unsupported("the signature of a method that was not kept for reflection");
        *(const RtReflectedMethod **)rt_field(object, RT_FIELD_SIGNATURE_METHOD) = found;
        fill_signature(object, found->signature, owner);
    } else if (field || (declared && declared->table == RT_TABLE_FIELD)) {
        RtSignature signature = {.result = field ? field->type : declared->type, .convention = 6};
        fill_signature(object, &signature, owner);
    } else if (declared && owner)
        fill_property(object, declared, owner);
    else
        rt_throw_unsupported("this kind of signature");
}

bool ic_Signature_CompareSig(RtObject *a, RtObject *b) {
    RtArray *x = *(RtArray **)rt_field(a, RT_FIELD_SIGNATURE_ARGUMENTS), *y = *(RtArray **)rt_field(b, RT_FIELD_SIGNATURE_ARGUMENTS);
    if (*(RtObject **)rt_field(a, RT_FIELD_SIGNATURE_RESULT) != *(RtObject **)rt_field(b, RT_FIELD_SIGNATURE_RESULT) || x->length != y->length)
        return false;
    return memcmp(x->data, y->data, sizeof(RtObject *) * x->length) == 0;
}

RtObject *ic_Signature_GetCustomModifiersAtOffset(RtObject *signature, int32_t offset, uint8_t required) {
    const RtReflectedMethod *method = *(const RtReflectedMethod **)rt_field(signature, RT_FIELD_SIGNATURE_METHOD);
    const RtSignature *record = method ? method->signature : NULL;
    const RtType *found[16];
    int64_t count = 0;
    for (int64_t i = 0; record && i < record->n_modifiers && count < 16; i++)
        if (record->modifiers[i].position == offset && (record->modifiers[i].is_required != 0) == (required != 0))
            found[count++] = record->modifiers[i].type;
    RtObject *types = rt_new_array(rt_known_types[RT_TYPE_TYPE_ARRAY], count);
    for (int64_t i = 0; i < count; i++)
        ((RtObject **)((RtArray *)types)->data)[i] = rt_type_object(found[i]);
    return types;
}
int32_t ic_Signature_GetParameterOffset(RtObject *signature, int32_t index) {
    (void)signature;
    return index;
}

/* ---- calling ---- */

static _Noreturn void not_callable(const RtReflectedMethod *method) {
    char text[1024];
    snprintf(text, sizeof text, "calling '%s.%s' by reflection", method->owner ? rt_reflection(method->owner)->to_string : "", method->name);
    rt_throw_unsupported(text);
}

/* The code that a call reaches on `target`, and what it takes as `this`. */
static const void *call_target(const RtReflectedMethod *method, RtObject *target, void **self) {
    *self = target;
    if (!target || (method->flags & 0x10))
        return method->code;
    if (rt_is_value_type(method->owner)) {
        *self = (char *)target + 8;
        return method->code;
    }
    if (method->selector)
        return rt_dispatch_table[(uint32_t)*method->selector + target->type->flags2];
    if (method->slot >= 0 && (method->flags & 0x40) && method->slot < target->type->n_virtuals && target->type->vtable[method->slot])
        return target->type->vtable[method->slot];
    return method->code;
}

/* What a delegate over `target` calls: code that takes the object, a box for value types. */
const void *rt_reflected_target(const RtReflectedMethod *method, RtObject *target) {
    if (!target || rt_is_value_type(method->owner))
        return method->boxed_code;
    void *self;
    return call_target(method, target, &self);
}

static RtObject *boxed_result(const RtType *type, void *result) {
    int kind = rt_reflection(type)->element_type;
    if (kind == 0x01)
        return NULL;
    if (kind == 0x10) { /* a managed pointer: what it points to */
        if (!*(void **)result)
            rt_throw_kind(RT_THROW_NULL_REFERENCE);
        return boxed_result(type->element, *(void **)result);
    }
    if (kind == 0x0F || kind == 0x1B)
        rt_throw_unsupported("results of pointer types by reflection");
    if (!rt_is_value_type(type))
        return *(RtObject **)result;
    return rt_box(type, result);
}

RtObject *ic_RuntimeMethodHandle_InvokeMethod(RtObject *target, void **arguments, RtObject *signature, uint8_t is_constructor) {
    const RtReflectedMethod *method = *(const RtReflectedMethod **)rt_field(signature, RT_FIELD_SIGNATURE_METHOD);
    if (!method->invoke)
        not_callable(method);
    RtObject *made = is_constructor ? rt_new(method->owner) : target;
    void *self;
    const void *code = call_target(method, made, &self);
    if (!code)
        not_callable(method);
    const RtType *type = method->signature->result;
    size_t n_bytes = rt_is_value_type(type) ? (size_t)rt_reflection(type)->value_bytes : 8;
    void *result = alloca(n_bytes < 16 ? 16 : n_bytes);
    memset(result, 0, n_bytes < 16 ? 16 : n_bytes);
    method->invoke(code, self, arguments, result);
    return is_constructor ? made : boxed_result(type, result);
}

/* Reflection passes a Nullable<T> by address: a box of the Nullable itself holds it. */
RtObject *ic_RuntimeMethodHandle_ReboxToNullable(RtObject *value, RtObject *nullable) {
    const RtType *type = rt_type_of_object(nullable);
    RtObject *box = rt_new(type);
    if (value) {
        size_t whole = (size_t)rt_reflection(type)->value_bytes, size = (size_t)rt_reflection(type->element)->value_bytes;
        if (value->type != type->element)
            rt_throw_kind(RT_THROW_INVALID_CAST);
        *(uint8_t *)((char *)box + 8) = 1;
        memcpy((char *)box + 8 + (whole - size), (char *)value + 8, size);
    }
    return box;
}

RtObject *ic_RuntimeMethodHandle_ReboxFromNullable(RtObject *box) { return box ? rt_box(box->type, (char *)box + 8) : NULL; }

void *qc_RuntimeMethodHandle_GetFunctionPointer(const RtReflectedMethod *method) {
    if (!method->code)
        not_callable(method);
    return (void *)(uintptr_t)method->code;
}
