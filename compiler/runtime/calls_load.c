/* Assembly.Load: the assemblies of the program are there; of others it says that no file was found, as .NET does. */
#include "reflect.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const RtType *const rt_all_types[]; /* empty unless the program reaches a call that looks types up */
extern const uint64_t rt_all_type_count;

typedef struct AssemblyNameParts {
    const uint16_t *name;
    uint16_t version[4];          /* 0xFFFF from the first part on that is not given */
    const uint16_t *culture;
    const uint8_t *key_or_token;
    int32_t n_key_bytes;
    int32_t flags;
} AssemblyNameParts;

static bool has_simple_name(const char *display_name, const uint16_t *text) {
    size_t length = strcspn(display_name, ",");
    for (size_t i = 0; i < length; i++)
        if (!text[i] || tolower((uint8_t)display_name[i]) != (text[i] < 128 ? tolower(text[i]) : text[i]))
            return false;
    return !text[length];
}

static const char *assembly_named(const uint16_t *name) {
    for (uint64_t i = 0; i < rt_module_count; i++)
        if (has_simple_name(rt_modules[i].assembly, name))
            return rt_modules[i].assembly;
    for (uint64_t i = 0; i < rt_all_type_count; i++)
        if (has_simple_name(rt_reflection(rt_all_types[i])->assembly, name))
            return rt_reflection(rt_all_types[i])->assembly;
    return NULL;
}

typedef struct Utf16Text {
    uint16_t *chars;
    size_t length, capacity;
} Utf16Text;

static void append_unit(Utf16Text *text, uint16_t unit) {
    if (text->length == text->capacity) {
        text->capacity = text->capacity ? text->capacity * 2 : 256;
        text->chars = realloc(text->chars, text->capacity * sizeof *text->chars);
        if (!text->chars)
            rt_fail_fast("out of memory");
    }
    text->chars[text->length++] = unit;
}

static void append_ascii(Utf16Text *text, const char *added) {
    for (; *added; added++)
        append_unit(text, (uint8_t)*added);
}

static void append_wide(Utf16Text *text, const uint16_t *added) {
    for (; *added; added++)
        append_unit(text, *added);
}

/* The display name of an assembly that is asked for; of a public key in place of its token nothing is shown. */
static void append_display_name(Utf16Text *text, const AssemblyNameParts *parts) {
    char number[16];
    append_wide(text, parts->name);
    for (int i = 0; i < 4 && parts->version[i] != 0xFFFF; i++) {
        snprintf(number, sizeof number, "%s%u", i ? "." : ", Version=", parts->version[i]);
        append_ascii(text, number);
    }
    append_ascii(text, ", Culture=");
    if (parts->culture && *parts->culture)
        append_wide(text, parts->culture);
    else
        append_ascii(text, "neutral");
    if (parts->n_key_bytes && parts->n_key_bytes != 8)
        return;
    append_ascii(text, parts->n_key_bytes ? ", PublicKeyToken=" : ", PublicKeyToken=null");
    for (int32_t i = 0; i < parts->n_key_bytes; i++) {
        snprintf(number, sizeof number, "%02x", parts->key_or_token[i]);
        append_ascii(text, number);
    }
}

static RtString *string_of(const Utf16Text *text) {
    RtString *string = (RtString *)rt_new_string((int32_t)text->length, rt_known_types[RT_TYPE_STRING]);
    memcpy(string->chars, text->chars, text->length * sizeof *text->chars);
    return string;
}

extern RtObject *(*const rt_make_file_not_found)(RtString *message, RtString *file); /* not NULL where InternalLoad is reached */

static _Noreturn void no_such_assembly(const AssemblyNameParts *parts) {
    Utf16Text name = {0}, message = {0};
    append_display_name(&name, parts);
    append_ascii(&message, "Could not load file or assembly '");
    append_display_name(&message, parts);
    append_ascii(&message, "'. The system cannot find the file specified.\n");
    RtString *file = string_of(&name), *told = string_of(&message);
    free(name.chars);
    free(message.chars);
    rt_throw(rt_make_file_not_found(told, file));
}

void qc_AssemblyNative_InternalLoad(const AssemblyNameParts *parts, RtObject **requesting, void *stack_mark, int32_t throws, RtObject **context,
                                    RtObject **result) {
    (void)requesting, (void)stack_mark, (void)context;
    const char *found = assembly_named(parts->name);
    if (!found && throws)
        no_such_assembly(parts);
    *result = found ? rt_assembly_object(found) : NULL;
}
