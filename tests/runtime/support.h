/* What a compiled program and the parts of the runtime that are not under test would provide: types, statics, throwing. */
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H
#include "heap.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                                 \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

#define STATIC_ROOT __attribute__((section("rt_statics")))

/* A node with two references and one word; an array of references; of bytes; of structs {int64, reference}; finalizable. */
typedef struct Node {
    const RtType *type;
    struct Node *left, *right;
    uint64_t word;
} Node;

extern RtType node_type, pair_type, bytes_type, references_type, structs_type, string_type, finalizable_type;

static inline RtObject **elements(RtObject *array)
{
    return (RtObject **)((char *)array + 16);
}

/* Runs `action`; the kind thrown by rt_throw_kind, or -1 when it returned. */
int thrown_by(void (*action)(void *), void *argument);

extern _Atomic int n_finalized;
extern void (*on_finalize)(RtObject *);
uint64_t random_next(uint64_t *state);

#endif
