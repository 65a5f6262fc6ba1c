/* P/Invokes into shared libraries: found at the first call, by the names that .NET tries on Unix. */
#include "calls.h"

#include <dlfcn.h>
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
