/* Delegates by reflection: the method behind one, and delegates of methods that reflection found.
 *
 * Delegates hold { target +8, code +24, static code +32, list +40, count +48 }. */
#include "reflect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *rt_method_record(const void *code);

/* What is known of a method that was not kept for reflection: its name and attributes. Lives as long as the program. */
static const RtReflectedMethod *method_by_name(const char *record) {
    const char *name = strchr(record + 2, 1), *end = name ? strchr(name, 2) : NULL;
    size_t length = end ? (size_t)(end - name - 1) : 0;
    char *text = malloc(length + 1);
    RtReflectedMethod *method = calloc(1, sizeof *method);
    if (!text || !method)
        rt_fail_fast("out of memory");
    if (length)
        memcpy(text, name + 1, length);
    text[length] = 0;
    method->name = text;
    method->flags = (uint32_t)(uint8_t)record[0] | (uint32_t)(uint8_t)record[1] << 8;
    method->slot = -1;
    method->place = -1;
    return method;
}

static RtObject *make_method(const void *record) {
    RtObject *object = rt_new(rt_known_types[RT_TYPE_RUNTIME_METHOD_INFO]);
    const RtReflectedMethod *method = method_by_name(record);
    *(const RtReflectedMethod **)rt_field(object, RT_FIELD_METHOD_HANDLE) = method;
    *(uint32_t *)rt_field(object, RT_FIELD_METHOD_ATTRIBUTES) = method->flags & 0xFFFF;
    RtObject *simple = (RtObject *)rt_string_utf8(method->name);
    *(RtObject **)rt_field(object, RT_FIELD_METHOD_NAME) = simple;
    return object;
}

/* The RuntimeMethodInfo for a method's record: one object per method, kept for good. */
static RtObject *method_object(const char *record) {
    static RtKeptObjects methods;
    return rt_kept_object(&methods, record, make_method);
}

static const RtReflectedMethod *reflected_method(const void *code) {
    for (uint64_t i = 0; code && i < rt_module_count; i++)
        for (int32_t k = 0; k < rt_modules[i].n_rows; k++) {
            const RtRow *row = &rt_modules[i].rows[k];
            const RtReflectedMethod *method = row->record;
            if (row->token >> 24 == RT_TABLE_METHOD && (method->code == code || method->boxed_code == code))
                return method;
        }
    return NULL;
}

extern RtObject *(*const rt_method_base_callback)(RtObject *declaring, const RtReflectedMethod *method);

/* Delegate.Method: the method of the last delegate in the list. */
RtObject *rt_delegate_method(RtObject *delegate) {
    RtArray *list = *(RtArray **)((char *)delegate + 40);
    int64_t count = *(int64_t *)((char *)delegate + 48);
    if (list && count > 0)
        delegate = ((RtObject **)list->data)[count - 1];
    void *code = *(void **)((char *)delegate + 32);
    if (!code || !rt_method_record(code))
        code = *(void **)((char *)delegate + 24);
    const RtReflectedMethod *method = rt_method_base_callback ? reflected_method(code) : NULL;
    if (method)
        return rt_method_base_callback(NULL, method);
    const char *record = rt_method_record(code);
    if (!record)
        rt_throw_unsupported("Delegate.Method of this kind of delegate");
    return method_object(record);
}

/* ---- Delegate.CreateDelegate ---- */

enum { STATIC_METHOD_ONLY = 1, INSTANCE_METHOD_ONLY = 2, OPEN_ONLY = 4, CLOSED_ONLY = 8, NEVER_CLOSE_OVER_NULL = 16, RELAXED = 64 };

static bool is_assignable(const RtType *source, const RtType *target, bool is_relaxed) {
    if (source == target)
        return true;
    if (rt_is_value_type(source) || rt_is_value_type(target) || !is_relaxed)
        return false;
    return rt_can_cast(source, target);
}

/* Whether a delegate with signature `wanted` can stand for the method, whose parameters from `skipped` on are what is left. */
static bool is_compatible(const RtSignature *wanted, int32_t first, const RtReflectedMethod *method, int32_t skipped) {
    const RtSignature *have = method->signature;
    if (have->n_parameters - skipped != wanted->n_parameters - first || !is_assignable(have->result, wanted->result, true))
        return false;
    for (int32_t i = first; i < wanted->n_parameters; i++)
        if (!is_assignable(wanted->parameters[i], have->parameters[i - first + skipped], true))
            return false;
    return true;
}

static void bind(RtObject *delegate, RtObject *target, const void *code) {
    *(RtObject **)((char *)delegate + 8) = target;
    *(const void **)((char *)delegate + 24) = code;
}

static const RtReflectedMethod *invoke_of(const RtType *type) {
    const RtMembers *members = rt_members_of(type);
    for (int32_t i = 0; i < members->n_methods; i++)
        if (strcmp(members->methods[i]->name, "Invoke") == 0)
            return members->methods[i];
    char text[1024];
    snprintf(text, sizeof text, "delegates of type '%s' from reflection", rt_reflection(type)->to_string);
    rt_throw_unsupported(text);
}

/* Through the thunk of the delegate's type, which drops its target and passes the others on. */
static bool bind_open(RtObject *delegate, const void *code) {
    const void *thunk = rt_members_of(delegate->type)->static_thunk;
    if (!thunk)
        rt_throw_unsupported("open delegates of this type from reflection");
    bind(delegate, delegate, thunk);
    *(const void **)((char *)delegate + 32) = code;
    return true;
}

const void *rt_reflected_target(const RtReflectedMethod *method, RtObject *target);

/* 1 when the method could be bound. `target` is what the delegate is closed over, if it is. */
int32_t qc_Delegate_BindToMethodInfo(RtObject **delegate, RtObject **target, const RtReflectedMethod *method, RtObject **local,
                                     const RtType *declaring, int32_t flags) {
    (void)local, (void)declaring;
    const RtSignature *wanted = invoke_of((*delegate)->type)->signature;
    bool is_static = (method->flags & 0x10) != 0;
    if (!method->signature || !method->code || (is_static && (flags & INSTANCE_METHOD_ONLY)) || (!is_static && (flags & STATIC_METHOD_ONLY)))
        return 0;
    if (is_static && !(flags & CLOSED_ONLY) && !*target && is_compatible(wanted, 0, method, 0))
        return bind_open(*delegate, method->code);
    if (is_static && !(flags & OPEN_ONLY) && method->signature->n_parameters && is_compatible(wanted, 0, method, 1) &&
        !rt_is_value_type(method->signature->parameters[0])) {
        if (*target && !rt_can_cast((*target)->type, method->signature->parameters[0]))
            return 0;
        bind(*delegate, *target, method->code);
        return 1;
    }
    if (is_static)
        return 0;
    if (!*target && !(flags & CLOSED_ONLY) && wanted->n_parameters && is_compatible(wanted, 1, method, 0) &&
        is_assignable(wanted->parameters[0], method->owner, true) && !rt_is_value_type(method->owner)) {
        if (method->selector || ((method->flags & 0x40) && !(method->flags & 0x20)))
            rt_throw_unsupported("open delegates of virtual methods from reflection");
        return bind_open(*delegate, method->code);
    }
    if (flags & OPEN_ONLY || !is_compatible(wanted, 0, method, 0) || (!*target && (flags & NEVER_CLOSE_OVER_NULL)))
        return 0;
    if (*target && !rt_can_cast((*target)->type, method->owner))
        return 0;
    bind(*delegate, *target, rt_reflected_target(method, *target));
    return 1;
}

void qc_Delegate_InternalAlloc(RtObject **local, const RtType *type, RtObject **result) {
    (void)local;
    *result = rt_new(type);
}

/* DelegateHelpers.CreateObjectArrayDelegate: a delegate of any type over a Func<object[], object>. */
RtObject *rt_object_array_delegate(RtObject *delegate_type, RtObject *function) {
    const RtType *type = rt_type_of_object(delegate_type);
    const void *thunk = rt_members_of(type)->array_thunk;
    if (!thunk) {
        char text[1024];
        snprintf(text, sizeof text, "delegates of type '%s' from expression trees", rt_reflection(type)->to_string);
        rt_throw_unsupported(text);
    }
    RtObject *delegate = rt_new(type);
    bind(delegate, function, thunk);
    return delegate;
}
