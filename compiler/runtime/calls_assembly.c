/* Internal calls of System.Reflection.RuntimeAssembly: a compiled program's assemblies have a name and no file.
 *
 * A QCallAssembly arrives as two words: the address of a local that holds the RuntimeAssembly, and its m_assembly, which is
 * the display name here. */
#include "calls.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char rt_entry_assembly[];

typedef struct AssemblyObject {
    struct AssemblyObject *next;
    const char *name;
    void *handle;
} AssemblyObject;
static AssemblyObject *assembly_objects;
static pthread_mutex_t assembly_lock = PTHREAD_MUTEX_INITIALIZER;

static RtObject *find_assembly(const char *name) {
    for (AssemblyObject *a = assembly_objects; a; a = a->next)
        if (strcmp(a->name, name) == 0)
            return rt_handle_get(a->handle);
    return NULL;
}

/* The RuntimeAssembly of that display name: one object for the life of the program. */
static RtObject *assembly_object(const char *name) {
    pthread_mutex_lock(&assembly_lock);
    RtObject *found = find_assembly(name);
    pthread_mutex_unlock(&assembly_lock);
    if (found)
        return found;
    RtObject *object = rt_new(rt_known_types[RT_TYPE_RUNTIME_ASSEMBLY]);
    *(const char **)rt_field(object, RT_FIELD_ASSEMBLY) = name;
    *(RtObject **)rt_field(object, RT_FIELD_ASSEMBLY_LOCK) = object;
    AssemblyObject *entry = malloc(sizeof *entry);
    if (!entry)
        rt_fail_fast("out of memory");
    entry->name = name;
    entry->handle = rt_handle_new(object, 2);
    pthread_mutex_lock(&assembly_lock);
    found = find_assembly(name);
    if (!found) {
        entry->next = assembly_objects;
        assembly_objects = entry;
    }
    pthread_mutex_unlock(&assembly_lock);
    if (found) {
        rt_handle_free(entry->handle);
        free(entry);
    }
    return found ? found : object;
}

RtObject *ic_RuntimeTypeHandle_GetAssembly(RtObject *t) { return assembly_object(rt_reflection(rt_type_of_object(t))->assembly); }
void qc_AssemblyNative_GetEntryAssembly(RtObject **result) { *result = assembly_object(rt_entry_assembly); }

void qc_AssemblyNative_GetFullName(RtObject **local, const char *name, RtString **result) {
    (void)local;
    *result = rt_string_utf8(name);
}

void qc_AssemblyNative_GetSimpleName(RtObject **local, const char *name, RtString **result) {
    (void)local;
    char simple[512];
    snprintf(simple, sizeof simple, "%.*s", (int)strcspn(name, ","), name);
    *result = rt_string_utf8(simple);
}

void qc_AssemblyNative_GetVersion(RtObject **local, const char *name, int32_t *major, int32_t *minor, int32_t *build, int32_t *revision) {
    (void)local;
    *major = *minor = *build = *revision = 0;
    const char *version = strstr(name, "Version=");
    if (version)
        sscanf(version, "Version=%d.%d.%d.%d", major, minor, build, revision);
}

/* As in .NET's own single-file and Native AOT programs. */
void qc_AssemblyNative_GetLocation(RtObject **local, const char *name, RtString **result) {
    (void)local, (void)name;
    *result = rt_string_utf8("");
}
void qc_AssemblyNative_GetLocale(RtObject **local, const char *name, RtString **result) {
    (void)local, (void)name;
    *result = rt_string_utf8("");
}
int32_t qc_AssemblyNative_GetIsCollectible(RtObject **local, const char *name) {
    (void)local, (void)name;
    return 0;
}

void qc_AssemblyNative_GetCodeBase(RtObject **local, const char *name, RtString **result) {
    (void)local, (void)name;
    *result = NULL;
}

extern const RtType *const rt_all_types[]; /* empty unless the program reaches the call below */
extern const uint64_t rt_all_type_count;

/* The type of that name among those that the program kept; the nested names follow the outer one. */
void qc_AssemblyNative_GetTypeCore(RtObject **local, const char *assembly, const char *name, const char *const *nested, int32_t n_nested,
                                   RtObject **result) {
    (void)local;
    char full[1024];
    int used = snprintf(full, sizeof full, "%s", name);
    for (int32_t i = 0; i < n_nested && used > 0 && used < (int)sizeof full; i++)
        used += snprintf(full + used, sizeof full - (size_t)used, "+%s", nested[i]);
    *result = NULL;
    for (uint64_t i = 0; i < rt_all_type_count && !*result; i++)
        if (strcmp(rt_all_types[i]->aux->full_name, full) == 0 && strcmp(rt_reflection(rt_all_types[i])->assembly, assembly) == 0)
            *result = rt_type_object(rt_all_types[i]);
}
