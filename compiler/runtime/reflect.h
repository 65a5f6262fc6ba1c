/* What reflection knows of members. Written by compiler/codegen/member_records.py and module_records.py; strings are UTF-8,
 * zero-terminated. Pointers to records are what the class library holds as RuntimeMethodHandleInternal and RuntimeFieldHandleInternal;
 * a pointer to a module is its metadata scope. */
#ifndef AOTD_REFLECT_H
#define AOTD_REFLECT_H
#include "calls.h"

typedef struct RtModifier {
    int32_t position;             /* 0 for the result */
    int32_t is_required;
    const RtType *type;
} RtModifier;

typedef struct RtSignature {
    const RtType *result;
    const RtType *const *parameters;
    int32_t n_parameters;
    int32_t convention;           /* first byte of the signature (ECMA-335 II.23.2.1) */
    const RtModifier *modifiers;
    int64_t n_modifiers;
} RtSignature;

typedef struct RtReflectedMethod {
    const RtType *owner;          /* NULL: a method that only a delegate is known to have */
    const char *name;
    const RtSignature *signature; /* NULL when it was not kept */
    void (*invoke)(const void *code, void *self, void **arguments, void *result); /* by shape; NULL when it cannot be called */
    const void *code;             /* NULL without code of its own; `this` of a value type is its address */
    const void *boxed_code;       /* as `code`, but `this` of a value type is the box */
    const int32_t *selector;      /* base of its row in the dispatch table, for interface and generic virtual methods */
    const RtType *const *arguments; /* n_arguments type arguments; those of a definition are its parameters */
    const struct RtReflectedMethod *definition; /* of an instance, when it was kept */
    uint32_t token;
    uint32_t flags;               /* MethodAttributes; MethodImplAttributes above 16 */
    int32_t slot;                 /* -1 when it has none */
    int32_t n_arguments;
    int32_t place;                /* among the introduced methods of its type; -1 for instances */
    int32_t is_definition;        /* a generic method without arguments */
} RtReflectedMethod;

typedef struct RtReflectedField {
    const RtType *owner;
    const char *name;
    const RtType *type;
    char *(*storage)(void);       /* the address of a static field, after its type's initializer; NULL for instance fields */
    uint32_t token;
    uint32_t flags;               /* FieldAttributes */
    uint32_t offset;              /* from the first field of an object or value */
    uint32_t padding;
} RtReflectedField;

typedef struct RtMembers {
    const RtReflectedMethod *const *methods; /* introduced methods in metadata order */
    const RtReflectedField *const *fields;   /* instance fields first, in metadata order; no constants */
    int32_t n_methods, n_fields;
    int32_t n_slots;              /* slots of the type with all its virtual methods */
    int32_t padding;
    const void *static_thunk;     /* of a delegate type: its code over a static method; NULL when it was not kept */
    const void *array_thunk;      /* of a delegate type: its code over a Func<object[], object>; NULL when it was not kept */
} RtMembers;
extern const RtMembers rt_members[];

/* A row that is asked for by token; `parent` is the token that it belongs to. */
typedef struct RtRow {
    uint32_t token, parent, flags, extra;
    const char *name;
    const void *record;
} RtRow;

typedef struct RtConstant {
    int32_t element_type;
    int32_t n_chars;
    int64_t value;
    const uint16_t *text;
} RtConstant;

/* Records of Field and Property rows; their addresses serve as signatures. */
typedef struct RtDeclared {
    uint32_t table;               /* 0x04 or 0x17 */
    uint32_t getter, setter;      /* of a property: tokens of the accessors that were kept */
    uint32_t padding;
    const RtConstant *constant;
    const RtType *type;           /* of a field */
} RtDeclared;

typedef struct RtAttribute {
    RtObject *(*make)(void);
    int64_t n_bytes;
    uint8_t blob[];
} RtAttribute;

typedef struct RtResource {
    const char *name;
    const void *content;
    int64_t n_bytes;
} RtResource;

typedef struct RtModule {
    const char *assembly;         /* display name */
    const char *file;
    const RtRow *rows;            /* by token */
    const RtResource *resources;
    const void *public_key;
    int32_t n_rows, n_resources, n_key_bytes, padding;
    uint8_t mvid[16];
} RtModule;
extern const RtModule rt_modules[];
extern const uint64_t rt_module_count;

enum {
    RT_TABLE_TYPE_REF = 0x01, RT_TABLE_TYPE_DEF = 0x02, RT_TABLE_FIELD = 0x04, RT_TABLE_METHOD = 0x06, RT_TABLE_PARAM = 0x08,
    RT_TABLE_MEMBER_REF = 0x0A, RT_TABLE_ATTRIBUTE = 0x0C, RT_TABLE_EVENT = 0x14, RT_TABLE_PROPERTY = 0x17, RT_TABLE_SEMANTICS = 0x18,
    RT_TABLE_TYPE_SPEC = 0x1B, RT_TABLE_FIELD_RECORD = 0x40,
};

/* ---- calls_metadata.c ---- */
const RtModule *rt_module_of_assembly(const char *assembly); /* made when the program has no table for it */
const RtRow *rt_find_row(const RtModule *module, uint32_t token); /* the first row of that token, or NULL */
/* ---- calls_assembly.c ---- */
RtObject *rt_assembly_object(const char *name);             /* the RuntimeAssembly; may collect */
RtObject *rt_module_object(const RtModule *module);         /* the RuntimeModule; may collect */
/* ---- calls_member.c ---- */
const RtMembers *rt_members_of(const RtType *type);
const RtReflectedMethod *rt_method_of_object(RtObject *method);      /* of any IRuntimeMethodInfo */
const RtReflectedField *rt_field_of_object(RtObject *field);         /* of any IRuntimeFieldInfo */
const RtReflectedMethod *rt_find_method(const RtType *owner, uint32_t token); /* among the introduced methods; NULL when it was not kept */
const RtReflectedMethod *rt_find_instance(const RtReflectedMethod *method, const RtType *owner, const RtType *const *arguments, int32_t n_arguments);
/* ---- kept_objects.c ---- */
typedef struct RtKeptObjects {
    struct RtKeptObject *first;
    bool (*same)(const void *a, const void *b); /* of keys; NULL: equal addresses */
} RtKeptObjects;
/* The one object for `key`; `make` makes it at the first question. May collect. */
RtObject *rt_kept_object(RtKeptObjects *objects, const void *key, RtObject *(*make)(const void *key));

#endif
