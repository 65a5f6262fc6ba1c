/* Internal calls of System.Reflection.RuntimeAssembly: a compiled program's assemblies have a name and no file.
 *
 * A QCallAssembly arrives as two words: the address of a local that holds the RuntimeAssembly, and its m_assembly, which is
 * the display name here. */
#include "reflect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char rt_entry_assembly[];

static bool same_name(const void *a, const void *b) { return strcmp(a, b) == 0; }

static RtObject *make_assembly(const void *name) {
    RtObject *object = rt_new(rt_known_types[RT_TYPE_RUNTIME_ASSEMBLY]);
    *(const char **)rt_field(object, RT_FIELD_ASSEMBLY) = name;
    *(RtObject **)rt_field(object, RT_FIELD_ASSEMBLY_LOCK) = object;
    return object;
}

/* The RuntimeAssembly of that display name: one object for the life of the program. */
RtObject *rt_assembly_object(const char *name) {
    static RtKeptObjects assemblies = {NULL, same_name};
    return rt_kept_object(&assemblies, name, make_assembly);
}

/* ---- modules: an assembly has one ---- */

static RtObject *make_module(const void *module) {
    RtObject *assembly = rt_assembly_object(((const RtModule *)module)->assembly);
    RtObject *object = rt_new(rt_known_types[RT_TYPE_RUNTIME_MODULE]);
    *(RtObject **)rt_field(object, RT_FIELD_MODULE_ASSEMBLY) = assembly;
    *(const RtModule **)rt_field(object, RT_FIELD_MODULE_DATA) = module;
    return object;
}

RtObject *rt_module_object(const RtModule *module) {
    static RtKeptObjects modules;
    return rt_kept_object(&modules, module, make_module);
}

RtObject *ic_RuntimeTypeHandle_GetModule(RtObject *t) {
    return rt_module_object(rt_module_of_assembly(rt_reflection(rt_type_of_object(t))->assembly));
}

static const RtModule *module_of(RtObject *assembly) { return rt_module_of_assembly(*(const char **)rt_field(assembly, RT_FIELD_ASSEMBLY)); }

RtObject *ic_RuntimeAssembly_GetManifestModule(RtObject *assembly) { return rt_module_object(module_of(assembly)); }
int32_t ic_RuntimeAssembly_GetToken(RtObject *assembly) {
    (void)assembly;
    return 0x20000001;
}
bool ic_RuntimeAssembly_FCallIsDynamic(RtObject *assembly) {
    (void)assembly;
    return false;
}

void qc_RuntimeModule_GetScopeName(RtObject **local, const RtModule *module, RtString **result) {
    (void)local;
    *result = rt_string_utf8(module->file);
}
/* Without a file of its own, as in single-file programs. */
void qc_RuntimeModule_GetFullyQualifiedName(RtObject **local, const RtModule *module, RtString **result) {
    (void)local, (void)module;
    *result = rt_string_utf8("<Unknown>");
}

RtObject *ic_RuntimeTypeHandle_GetAssembly(RtObject *t) { return rt_assembly_object(rt_reflection(rt_type_of_object(t))->assembly); }
RtObject *rt_entry_assembly_object(void) { return rt_assembly_object(rt_entry_assembly); }
void qc_AssemblyNative_GetEntryAssembly(RtObject **result) { *result = rt_assembly_object(rt_entry_assembly); }

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

void qc_AssemblyNative_GetPublicKey(RtObject **local, const char *name, RtObject **result) {
    (void)local;
    const RtModule *module = rt_module_of_assembly(name);
    RtArray *key = (RtArray *)rt_new_array(rt_known_types[RT_TYPE_BYTE_ARRAY], module->n_key_bytes);
    memcpy(key->data, module->public_key, (size_t)module->n_key_bytes);
    *result = (RtObject *)key;
}
int32_t qc_AssemblyNative_GetFlags(RtObject **local, const char *name) {
    (void)local;
    return rt_module_of_assembly(name)->n_key_bytes ? 1 : 0;
}
int32_t qc_AssemblyNative_GetHashAlgorithm(RtObject **local, const char *name) {
    (void)local, (void)name;
    return 0x8004; /* SHA1 */
}
void qc_AssemblyNative_GetImageRuntimeVersion(RtObject **local, const char *name, RtString **result) {
    (void)local, (void)name;
    *result = rt_string_utf8("v4.0.30319");
}

/* ---- embedded resources ---- */

static bool is_named(const char *name, const uint16_t *text) {
    while (*name && (uint16_t)(uint8_t)*name == *text)
        name++, text++;
    return !*name && !*text;
}

static const RtResource *find_resource(const char *assembly, const uint16_t *name) {
    const RtModule *module = rt_module_of_assembly(assembly);
    for (int32_t i = 0; i < module->n_resources; i++)
        if (is_named(module->resources[i].name, name))
            return &module->resources[i];
    return NULL;
}

const void *qc_AssemblyNative_GetResource(RtObject **local, const char *assembly, const uint16_t *name, uint32_t *n_bytes) {
    (void)local;
    const RtResource *found = find_resource(assembly, name);
    *n_bytes = found ? (uint32_t)found->n_bytes : 0;
    return found ? found->content : NULL;
}

int32_t qc_AssemblyNative_GetManifestResourceInfo(RtObject **local, const char *assembly, const uint16_t *name, RtObject **container, RtString **file) {
    (void)local;
    *container = NULL;
    *file = NULL;
    return find_resource(assembly, name) ? 5 : -1; /* Embedded | ContainedInManifestFile */
}

void qc_AssemblyNative_GetManifestResourceNames(RtObject **local, const char *assembly, RtObject **result) {
    (void)local;
    const RtModule *module = rt_module_of_assembly(assembly);
    RtArray *names = (RtArray *)rt_new_array(rt_known_types[RT_TYPE_STRING_ARRAY], module->n_resources);
    *result = (RtObject *)names;
    for (int32_t i = 0; i < module->n_resources; i++) {
        RtObject *name = (RtObject *)rt_string_utf8(module->resources[i].name);
        ((RtObject **)names->data)[i] = name;
    }
}

/* The load context of the program's own assemblies; there is no other. */
void *qc_AssemblyNative_InitializeAssemblyLoadContext(void *context, int32_t is_default, int32_t is_collectible) {
    (void)context, (void)is_default, (void)is_collectible;
    static char only_context;
    return &only_context;
}

/* ---- assemblies and their types as far as the program kept them ---- */

void qc_AssemblyNative_GetModules(RtObject **local, const char *assembly, int32_t loads, int32_t resources, RtObject **result) {
    (void)local, (void)loads, (void)resources;
    RtArray *modules = (RtArray *)rt_new_array(rt_known_types[RT_TYPE_RUNTIME_MODULE_ARRAY], 1);
    *result = (RtObject *)modules;
    RtObject *module = rt_module_object(rt_module_of_assembly(assembly));
    ((RtObject **)modules->data)[0] = module;
}

static bool is_exported(const RtType *type) {
    uint32_t visibility = rt_reflection(type)->attributes & 7;
    const RtType *declaring = rt_reflection(type)->declaring;
    return visibility == 1 || (visibility == 2 && declaring && is_exported(declaring));
}

static RtObject *types_of(const char *assembly, bool exported_only, enum RtKnownType array) {
    int64_t count = 0;
    RtArray *types = NULL;
    for (int pass = 0; pass < 2; pass++) {
        if (pass)
            types = (RtArray *)rt_new_array(rt_known_types[array], count);
        count = 0;
        for (uint64_t i = 0; i < rt_all_type_count; i++) {
            const RtType *type = rt_all_types[i];
            const RtReflection *record = rt_reflection(type);
            if (record->definition || type->flags & 0x80000000u || strcmp(record->assembly, assembly) != 0 || (exported_only && !is_exported(type)))
                continue;
            if (pass)
                ((RtObject **)types->data)[count] = rt_type_object(type);
            count++;
        }
    }
    return (RtObject *)types;
}

void qc_AssemblyNative_GetExportedTypes(RtObject **local, const char *assembly, RtObject **result) {
    (void)local;
    *result = types_of(assembly, true, RT_TYPE_TYPE_ARRAY);
}
void qc_RuntimeModule_GetTypes(RtObject **local, const RtModule *module, RtObject **result) {
    (void)local;
    *result = types_of(module->assembly, false, RT_TYPE_RUNTIME_TYPE_ARRAY);
}
