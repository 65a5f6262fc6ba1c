/* A random object graph against a shadow model outside the heap: every node that the model reaches must be there with
 * its word and its references, whatever was collected between. usage: graph SEED STEPS */
#include "support.h"

enum { N_ROOTS = 64, MAX_NODES = 1 << 16, N_ELEMENTS_MAX = 40 };

enum ShadowKind { SHADOW_NODE, SHADOW_REFERENCES, SHADOW_STRUCTS, SHADOW_BYTES, N_SHADOW_KINDS };

typedef struct Shadow {
    enum ShadowKind kind;
    uint32_t length;
    uint64_t word;
    struct Shadow **references; /* 2 of a node, else `length` */
    uint32_t visited;
} Shadow;

static STATIC_ROOT RtObject *roots[N_ROOTS];
static Shadow *shadow_roots[N_ROOTS];
static Shadow *all_shadows[MAX_NODES];
static size_t n_shadows;
static uint32_t visit;

static uint32_t n_references(const Shadow *shadow)
{
    return shadow->kind == SHADOW_NODE ? 2 : shadow->kind == SHADOW_BYTES ? 0 : shadow->length;
}

static RtObject **slot(RtObject *object, const Shadow *shadow, uint32_t index)
{
    if (shadow->kind == SHADOW_NODE)
        return index ? (RtObject **)&((Node *)object)->right : (RtObject **)&((Node *)object)->left;
    return shadow->kind == SHADOW_REFERENCES ? &elements(object)[index] : &elements(object)[2 * index + 1];
}

static void fill_bytes(RtObject *object, const Shadow *shadow)
{
    memset(elements(object), (int)(shadow->word & 0xFF), shadow->length);
}

static RtObject *allocate(const Shadow *shadow)
{
    switch (shadow->kind) {
    case SHADOW_NODE: {
        RtObject *node = rt_new(&node_type);
        CHECK(((Node *)node)->word == 0 && !((Node *)node)->left && !((Node *)node)->right);
        ((Node *)node)->word = shadow->word;
        return node;
    }
    case SHADOW_REFERENCES:
        return rt_new_array(&references_type, shadow->length);
    case SHADOW_STRUCTS:
        return rt_new_array(&structs_type, shadow->length);
    default: {
        RtObject *bytes = rt_new_array(&bytes_type, shadow->length);
        for (uint32_t i = 0; i < shadow->length; i++)
            CHECK(((char *)elements(bytes))[i] == 0);
        fill_bytes(bytes, shadow);
        return bytes;
    }
    }
}

static Shadow *new_shadow(uint64_t *seed)
{
    Shadow *shadow = calloc(1, sizeof *shadow);
    shadow->kind = random_next(seed) % N_SHADOW_KINDS;
    shadow->word = random_next(seed);
    shadow->length = (uint32_t)(random_next(seed) % N_ELEMENTS_MAX);
    uint64_t size_class = random_next(seed) % 100;
    if (size_class < 8)
        shadow->length = (uint32_t)(random_next(seed) % 2000);
    if (size_class < 2)
        shadow->length = (uint32_t)(random_next(seed) % 60000);
    shadow->references = calloc(n_references(shadow) + 1, sizeof(Shadow *));
    all_shadows[n_shadows++] = shadow;
    return shadow;
}

static void compare(RtObject *object, Shadow *shadow);

static void compare_contents(RtObject *object, Shadow *shadow)
{
    if (shadow->kind == SHADOW_NODE)
        CHECK(((Node *)object)->word == shadow->word);
    else
        CHECK(rt_array_length(object) == shadow->length);
    if (shadow->kind == SHADOW_BYTES)
        for (uint32_t i = 0; i < shadow->length; i++)
            CHECK(((unsigned char *)elements(object))[i] == (shadow->word & 0xFF));
    for (uint32_t i = 0; i < n_references(shadow); i++)
        compare(*slot(object, shadow, i), shadow->references[i]);
}

static void compare(RtObject *object, Shadow *shadow)
{
    CHECK(!object == !shadow);
    if (!shadow || shadow->visited == visit)
        return;
    shadow->visited = visit;
    compare_contents(object, shadow);
}

static void compare_all(void)
{
    visit++;
    for (int i = 0; i < N_ROOTS; i++)
        compare(roots[i], shadow_roots[i]);
    size_t n_kept = 0;
    for (size_t i = 0; i < n_shadows; i++) {
        if (all_shadows[i]->visited == visit) {
            all_shadows[n_kept++] = all_shadows[i];
        } else {
            free(all_shadows[i]->references);
            free(all_shadows[i]);
        }
    }
    n_shadows = n_kept;
}

/* Follows a few references from a root; where the walk ends a reference to another root's object is stored or cut. */
static void mutate(uint64_t *seed)
{
    uint32_t at = (uint32_t)(random_next(seed) % N_ROOTS), to = (uint32_t)(random_next(seed) % N_ROOTS);
    RtObject *object = roots[at];
    Shadow *shadow = shadow_roots[at];
    while (shadow && n_references(shadow)) {
        uint32_t index = (uint32_t)(random_next(seed) % n_references(shadow));
        if (random_next(seed) % 3 == 0 || !shadow->references[index]) {
            bool is_cut = random_next(seed) % 4 == 0;
            *slot(object, shadow, index) = is_cut ? NULL : roots[to];
            shadow->references[index] = is_cut ? NULL : shadow_roots[to];
            return;
        }
        object = *slot(object, shadow, index);
        shadow = shadow->references[index];
    }
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    uint64_t seed = strtoull(argv[1], NULL, 10) * 2654435761u + 1;
    rt_gc_init();
    for (long step = 0, n_steps = atol(argv[2]); step < n_steps; step++) {
        uint64_t choice = random_next(&seed) % 100;
        uint32_t at = (uint32_t)(random_next(&seed) % N_ROOTS);
        if (choice < 45) {
            Shadow *shadow = new_shadow(&seed);
            RtObject *object = allocate(shadow);
            if (n_references(shadow)) { /* so that the graph grows deep */
                *slot(object, shadow, 0) = roots[at];
                shadow->references[0] = shadow_roots[at];
            }
            roots[at] = object;
            shadow_roots[at] = shadow;
        } else if (choice < 98) {
            mutate(&seed);
        } else {
            roots[at] = NULL;
            shadow_roots[at] = NULL;
        }
        if (n_shadows > MAX_NODES / 2)
            for (int i = 0; i < N_ROOTS; i++)
                roots[i] = NULL, shadow_roots[i] = NULL;
        if (step % 2048 == 0) {
            if (step % 8192 == 0)
                rt_gc_collect(2);
            compare_all();
        }
    }
    compare_all();
    printf("ok\n");
    fprintf(stderr, "collections=%d live=%zu\n", rt_gc_count(0), rt_heap.live_bytes);
    return 0;
}
