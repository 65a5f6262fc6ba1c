/* Internal calls of MetadataImport and ModuleHandle: the class library asks a module's tables by token.
 *
 * A scope is an RtModule; its rows stand for what was kept, so that what was not kept is not found. Results are HRESULTs. */
#include "reflect.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { OK = 0, NOT_FOUND = (int32_t)0x80131130 }; /* CLDB_E_RECORD_NOTFOUND */

typedef struct MadeModule {
    struct MadeModule *next;
    RtModule module;
} MadeModule;
static MadeModule *made_modules;
static pthread_mutex_t module_lock = PTHREAD_MUTEX_INITIALIZER;

const RtModule *rt_module_of_assembly(const char *assembly) {
    for (uint64_t i = 0; i < rt_module_count; i++)
        if (strcmp(rt_modules[i].assembly, assembly) == 0)
            return &rt_modules[i];
    pthread_mutex_lock(&module_lock);
    MadeModule *made = made_modules;
    while (made && strcmp(made->module.assembly, assembly) != 0)
        made = made->next;
    if (!made) {
        size_t length = strcspn(assembly, ",");
        char *file = malloc(length + 5);
        made = calloc(1, sizeof *made);
        if (!made || !file)
            rt_fail_fast("out of memory");
        memcpy(file, assembly, length);
        memcpy(file + length, ".dll", 5);
        made->module.assembly = assembly;
        made->module.file = file;
        made->next = made_modules;
        made_modules = made;
    }
    pthread_mutex_unlock(&module_lock);
    return &made->module;
}

/* The place of the first row whose token is not below `token`. */
static int32_t lower_bound(const RtModule *module, uint32_t token) {
    int32_t low = 0, high = module->n_rows;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (module->rows[middle].token < token)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const RtRow *rt_find_row(const RtModule *module, uint32_t token) {
    int32_t place = lower_bound(module, token);
    return place < module->n_rows && module->rows[place].token == token ? &module->rows[place] : NULL;
}

/* ---- MetadataImport ---- */

const RtModule *ic_MetadataImport_GetMetadataImport(RtObject *module) { return *(const RtModule **)rt_field(module, RT_FIELD_MODULE_DATA); }
bool ic_MetadataImport_IsValidToken(const RtModule *scope, uint32_t token) { return rt_find_row(scope, token) != NULL; }

/* Tokens of the rows of a table that belong to `parent`; for the accessors of a property pairs of method and semantics. */
void qc_MetadataImport_Enum(const RtModule *scope, uint32_t type, uint32_t parent, int32_t *length, int32_t *few, RtArray **many) {
    uint32_t table = type >> 24;
    bool is_pairs = table == RT_TABLE_METHOD && (parent >> 24 == RT_TABLE_PROPERTY || parent >> 24 == RT_TABLE_EVENT);
    if (is_pairs)
        table = RT_TABLE_SEMANTICS;
    int32_t capacity = *length, start = lower_bound(scope, table << 24), end = lower_bound(scope, (table + 1) << 24), count = 0;
    for (int pass = 0; pass < 2; pass++) {
        int32_t *target = pass == 0 ? few : (int32_t *)(*many)->data;
        uint32_t previous = 0;
        count = 0;
        for (int32_t i = start; i < end; i++) {
            const RtRow *row = &scope->rows[i];
            if (row->parent != parent || row->token == previous)
                continue;
            previous = row->token;
            int32_t values[2] = {(int32_t)(is_pairs ? row->extra : row->token), (int32_t)row->flags};
            for (int32_t k = 0; k < (is_pairs ? 2 : 1); k++, count++)
                if (pass == 1 || count < capacity)
                    target[count] = values[k];
        }
        if (count <= capacity)
            break;
        if (pass == 0)
            *many = (RtArray *)rt_new_array(rt_known_types[RT_TYPE_INT32_ARRAY], count);
    }
    *length = count;
}

int32_t ic_MetadataImport_GetName(const RtModule *scope, uint32_t token, const char **name) {
    const RtRow *row = rt_find_row(scope, token);
    *name = row && row->name ? row->name : "";
    return row ? OK : NOT_FOUND;
}

int32_t ic_MetadataImport_GetNamespace(const RtModule *scope, uint32_t token, const char **name) {
    const RtRow *row = rt_find_row(scope, token);
    *name = row && token >> 24 == RT_TABLE_TYPE_DEF && row->record ? rt_reflection(row->record)->namespace_ : "";
    return row ? OK : NOT_FOUND;
}

int32_t ic_MetadataImport_GetParentToken(const RtModule *scope, uint32_t token, uint32_t *parent) {
    const RtRow *row = rt_find_row(scope, token);
    *parent = row ? row->parent : 0;
    return OK;
}

int32_t ic_MetadataImport_GetFieldDefProps(const RtModule *scope, uint32_t token, int32_t *attributes) {
    const RtRow *row = rt_find_row(scope, token);
    *attributes = row ? (int32_t)row->flags : 0;
    return row ? OK : NOT_FOUND;
}

typedef struct ConstArray {
    int32_t length;
    const void *content;
} ConstArray;

int32_t ic_MetadataImport_GetPropertyProps(const RtModule *scope, uint32_t token, const char **name, int32_t *attributes, ConstArray *signature) {
    const RtRow *row = rt_find_row(scope, token);
    if (!row)
        return NOT_FOUND;
    *name = row->name;
    *attributes = (int32_t)row->flags;
    *signature = (ConstArray){sizeof(RtDeclared), row->record};
    return OK;
}

int32_t ic_MetadataImport_GetEventProps(const RtModule *scope, uint32_t token, const char **name, int32_t *attributes) {
    const RtRow *row = rt_find_row(scope, token);
    if (!row)
        return NOT_FOUND;
    *name = row->name;
    *attributes = (int32_t)row->flags;
    return OK;
}

int32_t ic_MetadataImport_GetParamDefProps(const RtModule *scope, uint32_t token, int32_t *sequence, int32_t *attributes) {
    const RtRow *row = rt_find_row(scope, token);
    if (!row)
        return NOT_FOUND;
    *sequence = (int32_t)(row->flags >> 16);
    *attributes = (int32_t)(row->flags & 0xFFFF);
    return OK;
}

int32_t ic_MetadataImport_GetGenericParamProps(const RtModule *scope, uint32_t token, int32_t *attributes) {
    const RtRow *row = rt_find_row(scope, token);
    *attributes = row ? (int32_t)row->flags : 0;
    return OK;
}

int32_t ic_MetadataImport_GetDefaultValue(const RtModule *scope, uint32_t token, int64_t *value, const uint16_t **text, int32_t *n_chars,
                                          int32_t *element_type) {
    const RtRow *row = rt_find_row(scope, token);
    const RtConstant *constant = NULL;
    if (row && token >> 24 == RT_TABLE_PARAM)
        constant = row->record;
    else if (row && row->record && (token >> 24 == RT_TABLE_FIELD || token >> 24 == RT_TABLE_PROPERTY))
        constant = ((const RtDeclared *)row->record)->constant;
    *value = constant ? constant->value : 0;
    *text = constant ? constant->text : NULL;
    *n_chars = constant ? constant->n_chars : 0;
    *element_type = constant ? constant->element_type : 1; /* ELEMENT_TYPE_VOID: no constant */
    return OK;
}

int32_t ic_MetadataImport_GetSigOfFieldDef(const RtModule *scope, uint32_t token, ConstArray *signature) {
    const RtRow *row = rt_find_row(scope, token);
    *signature = (ConstArray){sizeof(RtDeclared), row ? row->record : NULL};
    return row ? OK : NOT_FOUND;
}

/* Of a constructor the class library wants to know whether it takes arguments: attributes are made by their own code, which is
 * called as a constructor with arguments is. */
static const uint8_t constructor_signature[] = {0x20, 1, 1, 0x1C};
static int32_t method_signature(ConstArray *signature) {
    *signature = (ConstArray){sizeof constructor_signature, constructor_signature};
    return OK;
}
int32_t ic_MetadataImport_GetSigOfMethodDef(const RtModule *scope, uint32_t token, ConstArray *signature) {
    (void)scope, (void)token;
    return method_signature(signature);
}
int32_t ic_MetadataImport_GetMemberRefProps(const RtModule *scope, uint32_t token, ConstArray *signature) {
    (void)scope, (void)token;
    return method_signature(signature);
}

int32_t ic_MetadataImport_GetCustomAttributeProps(const RtModule *scope, uint32_t token, uint32_t *constructor, ConstArray *blob) {
    const RtRow *row = rt_find_row(scope, token);
    if (!row)
        return NOT_FOUND;
    const RtAttribute *attribute = row->record;
    *constructor = row->extra;
    *blob = (ConstArray){(int32_t)attribute->n_bytes, attribute->blob};
    return OK;
}

int32_t ic_MetadataImport_GetFieldMarshal(const RtModule *scope, uint32_t token, ConstArray *blob) {
    (void)scope, (void)token;
    *blob = (ConstArray){0, NULL};
    return OK;
}

int32_t ic_MetadataImport_GetFieldOffset(const RtModule *scope, uint32_t type, uint32_t field, int32_t *offset, uint8_t *is_found) {
    (void)scope, (void)type, (void)field;
    *offset = 0;
    *is_found = 0;
    return OK;
}

int32_t ic_MetadataImport_GetClassLayout(const RtModule *scope, uint32_t type, int32_t *packing, int32_t *n_bytes) {
    (void)scope, (void)type;
    *packing = *n_bytes = 0;
    return OK;
}

int32_t ic_MetadataImport_GetPInvokeMap(const RtModule *scope, uint32_t token, int32_t *attributes, const char **name, const char **library) {
    (void)scope, (void)token;
    *attributes = 0;
    *name = *library = "";
    return OK;
}

int32_t ic_MetadataImport_GetScopeProps(const RtModule *scope, uint8_t *mvid) {
    memcpy(mvid, scope->mvid, sizeof scope->mvid);
    return OK;
}

/* ---- ModuleHandle: a QCallModule arrives as the address of a local that holds the RuntimeModule, and the scope ---- */

static const RtRow *required_row(const RtModule *scope, uint32_t token) {
    const RtRow *row = rt_find_row(scope, token);
    if (!row || !row->record)
        rt_throw_message(RT_THROW_ARGUMENT, "The token is not part of the compiled program.");
    return row;
}

void qc_ModuleHandle_ResolveType(RtObject **local, const RtModule *scope, uint32_t token, const RtType *const *type_arguments,
                                 int32_t n_type_arguments, const RtType *const *method_arguments, int32_t n_method_arguments, RtObject **result) {
    (void)local, (void)type_arguments, (void)n_type_arguments, (void)method_arguments, (void)n_method_arguments;
    *result = rt_type_object(required_row(scope, token)->record);
}

static bool is_on(const RtType *owner, const RtType *const *arguments, int32_t n_arguments) {
    const RtReflection *record = rt_reflection(owner);
    if (record->n_arguments != n_arguments)
        return false;
    for (int32_t i = 0; i < n_arguments; i++)
        if (record->arguments[i] != arguments[i])
            return false;
    return true;
}

/* A type argument arrives as the address of its MethodTable. A method that is kept on other instances only is found there. */
const RtReflectedMethod *qc_ModuleHandle_ResolveMethod(RtObject **local, const RtModule *scope, uint32_t token, const RtType *const *type_arguments,
                                              int32_t n_type_arguments, const RtType *const *method_arguments, int32_t n_method_arguments) {
    (void)local, (void)method_arguments;
    const RtRow *first = required_row(scope, token);
    if (token >> 24 != RT_TABLE_METHOD)
        return first->record;
    const RtReflectedMethod *open = NULL;
    for (const RtRow *row = first; row < scope->rows + scope->n_rows && row->token == token; row++) {
        const RtReflectedMethod *method = row->record;
        bool fits = n_method_arguments ? method->n_arguments == n_method_arguments && !method->is_definition : !method->n_arguments || method->is_definition;
        if (fits && is_on(method->owner, type_arguments, n_type_arguments))
            return method;
        if (!rt_reflection(method->owner)->definition)
            open = method;
    }
    return open ? open : first->record;
}

void qc_ModuleHandle_ResolveField(RtObject **local, const RtModule *scope, uint32_t token, const RtType *const *type_arguments,
                                  int32_t n_type_arguments, const RtType *const *method_arguments, int32_t n_method_arguments, RtObject **result) {
    (void)local, (void)method_arguments, (void)n_method_arguments;
    uint32_t wanted = (uint32_t)RT_TABLE_FIELD_RECORD << 24 | (token & 0xFFFFFF);
    const RtRow *row = required_row(scope, wanted);
    extern RtObject *rt_field_handle(const RtReflectedField *field);
    for (; row < scope->rows + scope->n_rows && row->token == wanted; row++)
        if (is_on(((const RtReflectedField *)row->record)->owner, type_arguments, n_type_arguments)) {
            *result = rt_field_handle(row->record);
            return;
        }
    *result = rt_field_handle(required_row(scope, wanted)->record);
}

int32_t ic_ModuleHandle_GetToken(RtObject *module) {
    (void)module;
    return 0x00000001;
}
int32_t ic_ModuleHandle_GetMDStreamVersion(RtObject *module) {
    (void)module;
    return 0x20000;
}
void qc_ModuleHandle_GetModuleType(RtObject **local, const RtModule *scope, RtObject **result) {
    (void)local, (void)scope;
    *result = NULL;
}
/* As of an assembly for any processor. */
void qc_ModuleHandle_GetPEKind(RtObject **local, const RtModule *scope, int32_t *kind, int32_t *machine) {
    (void)local, (void)scope;
    *kind = 1;
    *machine = 0x14C;
}

/* ---- custom attributes ---- */

void qc_CustomAttribute_CreateCustomAttributeInstance(RtObject **local, const RtModule *scope, RtObject **type, RtObject **constructor,
                                                      const uint8_t **blob, const uint8_t *end, int32_t *n_named, RtObject **result) {
    (void)local, (void)scope, (void)type, (void)constructor;
    const RtAttribute *attribute = (const RtAttribute *)(const void *)(*blob - offsetof(RtAttribute, blob));
    *n_named = 0;
    *blob = end;
    *result = attribute->make();
}

int32_t qc_RuntimeMethodHandle_IsCAVisibleFromDecoratedType(RtObject **a, const RtType *attribute, const RtReflectedMethod *constructor, RtObject **b,
                                                            const RtType *decorated, RtObject **c, const RtModule *scope) {
    (void)a, (void)attribute, (void)constructor, (void)b, (void)decorated, (void)c, (void)scope;
    return 1; /* compilers check accessibility */
}

static uint32_t read_number(const uint8_t *at, size_t n_bytes) {
    uint32_t value = 0;
    for (size_t i = 0; i < n_bytes; i++)
        value |= (uint32_t)at[i] << (8 * i);
    return value;
}

/* AttributeUsage(targets) { AllowMultiple, Inherited }: see ECMA-335 II.23.3. */
int32_t qc_CustomAttribute_ParseAttributeUsageAttribute(const uint8_t *blob, int32_t n_bytes, int32_t *targets, int32_t *allows_multiple,
                                                        int32_t *is_inherited) {
    *targets = 0x7FFF;
    *is_inherited = 1;
    *allows_multiple = 0;
    if (n_bytes < 8)
        return n_bytes == 0;
    *targets = (int32_t)read_number(blob + 2, 4);
    uint32_t n_named = read_number(blob + 6, 2);
    const uint8_t *at = blob + 8, *end = blob + n_bytes;
    for (uint32_t i = 0; i < n_named && at + 3 < end; i++) {
        /* kind, type, length and text of the name, value: properties are Boolean. */
        size_t length = at[2];
        const uint8_t *name = at + 3;
        if (at[1] != 0x02 || name + length >= end)
            return 0;
        if (length == 9 && memcmp(name, "Inherited", 9) == 0)
            *is_inherited = name[length];
        else if (length == 13 && memcmp(name, "AllowMultiple", 13) == 0)
            *allows_multiple = name[length];
        at = name + length + 1;
    }
    return 1;
}
