#include "support.h"

static struct { uint32_t n; uint32_t offsets[2]; } node_gc = {2, {8, 16}};
static struct { uint32_t n; uint32_t offsets[1]; } element_gc = {1, {0}}, struct_gc = {1, {8}};

static void finalize(RtObject *object);
static RtAux finalizable_aux = {.finalizer = finalize};

#define POINTERS RT_FLAG_CONTAINS_GC_POINTERS
#define ELEMENTS(n) (RT_FLAG_HAS_COMPONENT_SIZE | RT_FLAG_CATEGORY_SZARRAY | (n))
RtType node_type = {.flags = POINTERS, .base_size = 40, .gc = (const RtGcDesc *)&node_gc};
RtType pair_type = {.flags = POINTERS, .base_size = 32, .gc = (const RtGcDesc *)&node_gc};
RtType bytes_type = {.flags = ELEMENTS(1), .base_size = 24};
RtType references_type = {.flags = ELEMENTS(8) | POINTERS, .base_size = 24, .gc = (const RtGcDesc *)&element_gc};
RtType structs_type = {.flags = ELEMENTS(16) | POINTERS, .base_size = 24, .gc = (const RtGcDesc *)&struct_gc};
RtType string_type = {.flags = RT_FLAG_HAS_COMPONENT_SIZE | 2, .base_size = 22};
RtType finalizable_type = {.flags = POINTERS | RT_FLAG_HAS_FINALIZER, .base_size = 40,
                           .gc = (const RtGcDesc *)&node_gc, .aux = &finalizable_aux};

const uint64_t rt_thread_statics_bytes = 64;

_Atomic int n_finalized;
void (*on_finalize)(RtObject *);

static void finalize(RtObject *object)
{
    if (on_finalize)
        on_finalize(object);
    atomic_fetch_add(&n_finalized, 1);
}

static _Thread_local jmp_buf catcher;
static _Thread_local bool is_catching;

int thrown_by(void (*action)(void *), void *argument)
{
    is_catching = true;
    int kind = setjmp(catcher);
    if (kind == 0)
        action(argument);
    is_catching = false;
    return kind - 1;
}

_Noreturn void rt_throw_kind(int kind)
{
    if (!is_catching) {
        fprintf(stderr, "thrown: %d\n", kind);
        abort();
    }
    longjmp(catcher, kind + 1);
}

_Noreturn void rt_fail_fast(const char *message)
{
    fprintf(stderr, "%s\n", message);
    abort();
}

uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}
