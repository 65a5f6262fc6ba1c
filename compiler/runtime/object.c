/* Objects and types: casts, array stores, type initializers, strings from and to UTF-8.
 *
 * Casting follows ECMA-335 I.8.7. The compiler writes into each type's interface list also the interfaces that hold by
 * variance, so that no test here looks at type arguments. Functions named rt_is_instance_* return the object or NULL and
 * never collect; rt_cast_* throw InvalidCastException. */
#include "calls.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_array(const RtType *type) { return (type->flags & 0x000C0000u) == RT_FLAG_CATEGORY_ARRAY; }

static bool is_interface(const RtType *type) { return rt_category(type) == RT_FLAG_CATEGORY_INTERFACE; }

static bool is_value_type(const RtType *type) { return (type->flags & 0x000C0000u) == RT_FLAG_CATEGORY_VALUETYPE; }

static bool derives_from(const RtType *type, const RtType *ancestor) {
    for (; type; type = type->parent)
        if (type == ancestor)
            return true;
    return false;
}

/* Element types of one width and kind count as equal in arrays: int[] is a uint[] (ECMA-335 I.8.7.1). */
static int reduced_element(const RtType *type) {
    if (!is_value_type(type))
        return 0;
    if (rt_category(type) == RT_FLAG_CATEGORY_PRIMITIVE && type->element)
        type = type->element;
    switch (rt_reflection(type)->element_type) {
        case 0x05: return 0x04;
        case 0x07: return 0x06;
        case 0x09: return 0x08;
        case 0x0B: return 0x0A;
        case 0x19: return 0x18;
        case 0x02: case 0x03: case 0x04: case 0x06: case 0x08: case 0x0A: case 0x0C: case 0x0D: case 0x18:
            return rt_reflection(type)->element_type;
        default: return 0;
    }
}

static bool items_compatible(const RtType *source, const RtType *target) {
    if (source == target)
        return true;
    if (!is_value_type(source) && !is_value_type(target))
        return rt_can_cast(source, target);
    int reduced = reduced_element(source);
    return reduced && reduced == reduced_element(target);
}

bool rt_can_cast(const RtType *source, const RtType *target) {
    if (source == target || target == rt_known_types[RT_TYPE_OBJECT])
        return true;
    if (is_interface(target)) {
        for (uint32_t i = 0; i < source->n_interfaces; i++)
            if (source->interfaces[i] == target)
                return true;
        return false;
    }
    if (is_array(target))
        return is_array(source) && rt_reflection(source)->rank == rt_reflection(target)->rank && items_compatible(source->element, target->element);
    if (derives_from(source, target))
        return true;
    /* Variant delegates stand in the interface list too. */
    for (uint32_t i = 0; i < source->n_interfaces; i++)
        if (source->interfaces[i] == target)
            return true;
    return false;
}

static _Noreturn void invalid_cast(const RtType *source, const RtType *target) {
    char text[1024];
    snprintf(text, sizeof text, "Unable to cast object of type '%s' to type '%s'.", rt_reflection(source)->to_string, rt_reflection(target)->to_string);
    rt_throw_message(RT_THROW_INVALID_CAST, text);
}

RtObject *rt_is_instance_exact(RtObject *object, const RtType *type) { return object && object->type == type ? object : NULL; }

RtObject *rt_is_instance_class(RtObject *object, const RtType *type) { return object && derives_from(object->type, type) ? object : NULL; }

RtObject *rt_is_instance_any(RtObject *object, const RtType *type) { return object && rt_can_cast(object->type, type) ? object : NULL; }

RtObject *rt_cast_exact(RtObject *object, const RtType *type) {
    if (object && object->type != type)
        invalid_cast(object->type, type);
    return object;
}

RtObject *rt_cast_class(RtObject *object, const RtType *type) {
    if (object && !derives_from(object->type, type))
        invalid_cast(object->type, type);
    return object;
}

RtObject *rt_cast_any(RtObject *object, const RtType *type) {
    if (object && !rt_can_cast(object->type, type))
        invalid_cast(object->type, type);
    return object;
}

/* unbox of a box whose type is not exactly `type`: enums and their underlying types pass (ECMA-335 III.4.32). */
void rt_check_unbox(RtObject *object, const RtType *type) {
    const RtType *source = object->type;
    if (source == type)
        return;
    const RtType *a = rt_category(source) == RT_FLAG_CATEGORY_PRIMITIVE && source->element ? source->element : source;
    const RtType *b = rt_category(type) == RT_FLAG_CATEGORY_PRIMITIVE && type->element ? type->element : type;
    if (a != b)
        invalid_cast(source, type);
}

void rt_check_array_store(RtArray *array, RtObject *value) {
    const RtType *item = array->type->element;
    if (value && value->type != item && item != rt_known_types[RT_TYPE_OBJECT] && !rt_can_cast(value->type, item))
        rt_throw_kind(RT_THROW_ARRAY_TYPE_MISMATCH);
}

void rt_check_element_address(RtArray *array, const RtType *item) {
    if (array->type->element != item)
        rt_throw_kind(RT_THROW_ARRAY_TYPE_MISMATCH);
}

/* A general array. `bounds` holds `count` values: the lengths, or pairs of lower bound and length. */
RtObject *rt_new_general_array(const RtType *type, const int32_t *bounds, int32_t count) {
    int32_t rank = rt_reflection(type)->rank;
    bool has_lower = count == 2 * rank;
    assert(count == rank || has_lower);
    int64_t total = 1;
    for (int32_t i = 0; i < rank; i++) {
        int32_t length = has_lower ? bounds[2 * i + 1] : bounds[i];
        if (length < 0)
            rt_throw_kind(RT_THROW_OVERFLOW);
        if (__builtin_mul_overflow(total, (int64_t)length, &total) || total > 0x7FFFFFC7)
            rt_throw_kind(RT_THROW_OUT_OF_MEMORY);
    }
    RtArray *array = (RtArray *)rt_new_array(type, total);
    int32_t *header = (int32_t *)array->data;
    for (int32_t i = 0; i < rank; i++) {
        header[i] = has_lower ? bounds[2 * i + 1] : bounds[i];
        header[rank + i] = has_lower ? bounds[2 * i] : 0;
    }
    return (RtObject *)array;
}

/* The target of calls on objects whose type the compiler did not see constructed: a fault of the compiler, told apart from
 * the program's own. */
_Noreturn void rt_no_dispatch_target(void) {
    rt_fail_fast("An interface call met an object whose type was not known to be constructed; this is a bug of aotd, please report it.");
}

/* ---- type initializers (ECMA-335 II.10.5.3.3) ---- */

static pthread_mutex_t initializer_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t initializer_done = PTHREAD_COND_INITIALIZER;

RtObject *rt_run_guarded(void (*code)(void)); /* exception.c: the exception that `code` ended with, or NULL */
RtObject *rt_type_initialization_exception(const RtType *type, RtObject *inner);

/* A thread that waits for an initializer to end, on its own stack. Under initializer_lock. */
typedef struct RtInitializerWait {
    struct RtInitializerWait *next;
    const RtClassConstructor *record;
    int32_t thread_id;
} RtInitializerWait;
static RtInitializerWait *initializer_waits;

/* Whether the initializer that `record` stands for cannot end before thread `me` goes on. */
static bool waits_for_thread(const RtClassConstructor *record, int32_t me) {
    while (record && record->state == 1) {
        int32_t runner = record->thread_id;
        if (runner == me)
            return true;
        RtInitializerWait *wait = initializer_waits;
        while (wait && wait->thread_id != runner)
            wait = wait->next;
        record = wait ? wait->record : NULL;
    }
    return false;
}

/* initializer_lock is held. Returns when the initializer has ended, or when waiting for it would be a deadlock: then its
 * type is seen as far as it has come, by this thread alone (ECMA-335 II.10.5.3.3). */
static void wait_for_initializer(RtClassConstructor *record, int32_t me) {
    RtInitializerWait wait = {initializer_waits, record, me};
    if (waits_for_thread(record, me))
        return;
    initializer_waits = &wait;
    while (record->state == 1)
        pthread_cond_wait(&initializer_done, &initializer_lock);
    RtInitializerWait **link = &initializer_waits;
    while (*link != &wait)
        link = &(*link)->next;
    *link = wait.next;
}

/* Runs an initializer once. The thread that runs it passes; others wait for it. A failed one throws the same exception again. */
void rt_run_class_constructor(RtClassConstructor *record) {
    int32_t me = rt_thread_id(rt_thread_self());
    pthread_mutex_lock(&initializer_lock);
    wait_for_initializer(record, me);
    if (record->state == 1 || record->state == 2) {
        pthread_mutex_unlock(&initializer_lock);
        return;
    }
    if (record->state == 3) {
        pthread_mutex_unlock(&initializer_lock);
        rt_throw(record->exception);
    }
    record->state = 1;
    record->thread_id = me;
    pthread_mutex_unlock(&initializer_lock);
    RtObject *failure = rt_run_guarded(record->code);
    if (failure)
        record->exception = rt_type_initialization_exception(record->type, failure);
    pthread_mutex_lock(&initializer_lock);
    __atomic_store_n(&record->state, failure ? 3 : 2, __ATOMIC_RELEASE);
    pthread_cond_broadcast(&initializer_done);
    pthread_mutex_unlock(&initializer_lock);
    if (failure)
        rt_throw(record->exception);
}

/* ---- strings ---- */

static int decode_utf8(const unsigned char **at) {
    const unsigned char *p = *at;
    int c = *p++;
    int extra = c < 0x80 ? 0 : c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
    if (extra)
        c &= 0x3F >> extra;
    for (; extra && (*p & 0xC0) == 0x80; extra--)
        c = (c << 6) | (*p++ & 0x3F);
    *at = p;
    return extra ? 0xFFFD : c;
}

RtString *rt_string_utf8(const char *text) {
    int32_t length = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p;)
        length += decode_utf8(&p) > 0xFFFF ? 2 : 1;
    RtString *string = (RtString *)rt_new_string(length, rt_known_types[RT_TYPE_STRING]);
    int32_t at = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        int c = decode_utf8(&p);
        if (c > 0xFFFF) {
            string->chars[at++] = (uint16_t)(0xD800 + ((c - 0x10000) >> 10));
            string->chars[at++] = (uint16_t)(0xDC00 + ((c - 0x10000) & 0x3FF));
        } else
            string->chars[at++] = (uint16_t)c;
    }
    assert(at == length);
    return string;
}

char *rt_utf8_string(const RtString *string) {
    char *text = malloc((size_t)string->length * 3 + 1);
    if (!text)
        rt_fail_fast("out of memory");
    char *out = text;
    for (int32_t i = 0; i < string->length; i++) {
        uint32_t c = string->chars[i];
        if (c >= 0xD800 && c < 0xDC00 && i + 1 < string->length && (string->chars[i + 1] & 0xFC00) == 0xDC00)
            c = 0x10000 + ((c - 0xD800) << 10) + (string->chars[++i] - 0xDC00u);
        if (c < 0x80)
            *out++ = (char)c;
        else if (c < 0x800) {
            *out++ = (char)(0xC0 | (c >> 6));
            *out++ = (char)(0x80 | (c & 0x3F));
        } else {
            if (c < 0x10000)
                *out++ = (char)(0xE0 | (c >> 12));
            else {
                *out++ = (char)(0xF0 | (c >> 18));
                *out++ = (char)(0x80 | ((c >> 12) & 0x3F));
            }
            *out++ = (char)(0x80 | ((c >> 6) & 0x3F));
            *out++ = (char)(0x80 | (c & 0x3F));
        }
    }
    *out = 0;
    return text;
}

RtObject *rt_type_object(const RtType *type) { return type->aux->runtime_type; }

const RtType *rt_type_of_object(RtObject *runtime_type) { return *(const RtType **)rt_field(runtime_type, RT_FIELD_RUNTIME_TYPE_HANDLE); }
