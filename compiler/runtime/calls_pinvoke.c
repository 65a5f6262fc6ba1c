/* P/Invokes into shared libraries: found at the first call, by the names that .NET tries on Unix. */
#include "calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The folder of the executable with its slash; empty when it is unknown. */
static void program_folder(char *folder, size_t size) {
    ssize_t length = readlink("/proc/self/exe", folder, size - 1);
    folder[length > 0 ? length : 0] = 0;
    char *slash = strrchr(folder, '/');
    folder[slash ? slash - folder + 1 : 0] = 0;
}

static void *open_in(const char *folder, const char *prefix, const char *library, const char *suffix) {
    char path[4608];
    int length = snprintf(path, sizeof path, "%s%s%s%s", folder, prefix, library, suffix);
    return length > 0 && (size_t)length < sizeof path ? dlopen(path, RTLD_LAZY) : NULL;
}

/* A name that ends in .so or has .so. in it is tried as it stands first, others with prefix and suffix first. */
static void *open_variations(const char *folder, const char *library) {
    size_t length = strlen(library);
    bool has_suffix = (length > 3 && !strcmp(library + length - 3, ".so")) || strstr(library, ".so.");
    const char *suffix = strchr(library, '/') ? "" : ".so";
    void *handle = NULL;
    if (has_suffix)
        handle = open_in(folder, "", library, "");
    if (!handle)
        handle = open_in(folder, "", library, suffix);
    if (!handle && *suffix)
        handle = open_in(folder, "lib", library, suffix);
    if (!handle)
        handle = open_in(folder, "", library, "");
    if (!handle && *suffix)
        handle = open_in(folder, "lib", library, "");
    return handle;
}

static void *open_library(const char *library) {
    if (!strcmp(library, "libc"))
        return dlopen(NULL, RTLD_LAZY);
    char folder[4096] = "";
    void *handle = NULL;
    if (library[0] != '/') {
        program_folder(folder, sizeof folder);
        handle = *folder ? open_variations(folder, library) : NULL;
    }
    return handle ? handle : open_variations("", library);
}

/* The code of `entry`, kept in `cell`. DllNotFoundException or EntryPointNotFoundException when there is none. */
void *rt_resolve_pinvoke(void **cell, const char *library, const char *entry) {
    char text[2048];
    void *handle = open_library(library);
    if (!handle) {
        const char *reason = dlerror();
        snprintf(text, sizeof text,
                 "Unable to load shared library '%s' or one of its dependencies. In order to help diagnose loading problems, "
                 "consider using a tool like strace. If you're using glibc, consider setting the LD_DEBUG environment variable: \n%s",
                 library, reason ? reason : "");
        rt_throw_message(RT_THROW_DLL_NOT_FOUND, text);
    }
    void *code = dlsym(handle, entry);
    if (!code) {
        snprintf(text, sizeof text, "Unable to find an entry point named '%s' in shared library '%s'.", entry, library);
        rt_throw_message(RT_THROW_ENTRY_POINT_NOT_FOUND, text);
    }
    __atomic_store_n(cell, code, __ATOMIC_RELEASE);
    return code;
}

/* ---- conversions of arguments; see compiler/codegen/pinvoke_arguments.py ---- */

char *rt_marshal_utf8(const RtString *text) { return text ? rt_utf8_string(text) : NULL; }

static size_t wide_length(const uint16_t *text) {
    size_t length = 0;
    while (text[length])
        length++;
    return length;
}

/* The string of a text that C gave; its memory is freed. */
RtString *rt_unmarshal_string(void *text, int32_t is_wide) {
    if (!text)
        return NULL;
    RtString *string;
    if (is_wide) {
        size_t length = wide_length(text);
        string = (RtString *)rt_new_string((int32_t)length, rt_known_types[RT_TYPE_STRING]);
        memcpy(string->chars, text, length * sizeof(uint16_t));
    } else {
        string = rt_string_utf8(text);
    }
    free(text);
    return string;
}

/* A buffer for `capacity` characters and the terminator that holds `text`. */
void *rt_marshal_buffer(const RtString *text, int32_t capacity, int32_t is_wide) {
    size_t room = (size_t)(capacity > text->length ? capacity : text->length) + 1;
    char *buffer = calloc(room, is_wide ? sizeof(uint16_t) : 3);
    if (!buffer)
        rt_throw_kind(RT_THROW_OUT_OF_MEMORY);
    if (is_wide) {
        memcpy(buffer, text->chars, (size_t)text->length * sizeof(uint16_t));
    } else {
        char *utf8 = rt_utf8_string(text);
        strcpy(buffer, utf8);
        free(utf8);
    }
    return buffer;
}

void **rt_marshal_strings(const RtArray *strings, int32_t is_wide) {
    if (!strings)
        return NULL;
    void **texts = calloc((size_t)strings->length + 1, sizeof *texts);
    if (!texts)
        rt_throw_kind(RT_THROW_OUT_OF_MEMORY);
    RtString **items = (RtString **)strings->data;
    for (uint32_t i = 0; i < strings->length; i++)
        texts[i] = !items[i] ? NULL : is_wide ? (void *)items[i]->chars : (void *)rt_utf8_string(items[i]);
    return texts;
}

void rt_release_strings(void **texts, const RtArray *strings, int32_t is_wide) {
    for (uint32_t i = 0; texts && !is_wide && i < strings->length; i++)
        free(texts[i]);
    free(texts);
}

void ic_Marshal_SetLastPInvokeError(int32_t error);

void rt_clear_errno(void) { errno = 0; }
void rt_keep_errno(void) { ic_Marshal_SetLastPInvokeError(errno); }
