/* Weak, strong and dependent handles, finalizers, what counts as a reference on the stack, sizes and exhaustion.
 *
 * Objects that are to die are made by functions that are not inlined, and the stack below is overwritten afterwards, so
 * that no stale copy keeps them. */
#include "support.h"
#include <sys/resource.h>

enum { N_MANY = 100 };

static STATIC_ROOT RtObject *kept;
static STATIC_ROOT RtObject *resurrected;

static __attribute__((noinline)) void overwrite_stack(void)
{
    volatile uintptr_t words[2048];
    for (int i = 0; i < 2048; i++)
        words[i] = 0;
}

static __attribute__((noinline)) void collect(void)
{
    overwrite_stack();
    rt_gc_collect(2);
}

static __attribute__((noinline)) void make_weak(void **weak, int kind)
{
    for (int i = 0; i < N_MANY; i++)
        weak[i] = rt_handle_new(rt_new(&node_type), kind);
}

static int n_alive(void **weak)
{
    int n = 0;
    for (int i = 0; i < N_MANY; i++)
        n += rt_handle_get(weak[i]) != NULL;
    return n;
}

static void test_weak(void)
{
    void *weak[N_MANY], *strong[N_MANY];
    make_weak(weak, 0);
    for (int i = 0; i < N_MANY; i += 2)
        strong[i] = rt_handle_new(rt_handle_get(weak[i]), i % 4 ? 2 : 3);
    collect();
    for (int i = 0; i < N_MANY; i += 2)
        CHECK(rt_handle_get(weak[i]) == rt_handle_get(strong[i]) && rt_handle_get(strong[i]));
    CHECK(n_alive(weak) <= N_MANY / 2 + 3); /* a register may keep one or another */
    for (int i = 0; i < N_MANY; i += 2)
        rt_handle_free(strong[i]);
    collect();
    CHECK(n_alive(weak) <= 3);
    rt_handle_set(weak[0], rt_new(&node_type));
    CHECK(rt_handle_compare_exchange(weak[0], NULL, NULL) != NULL);
    for (int i = 0; i < N_MANY; i++)
        rt_handle_free(weak[i]);
}

/* key i -> value i, where value i holds key i + 1: a chain that only the dependent handles connect. */
static __attribute__((noinline)) void make_chain(void **dependents, void **weak)
{
    RtObject *key = rt_new(&node_type);
    kept = key;
    for (int i = 0; i < N_MANY; i++) {
        Node *value = (Node *)rt_new(&node_type);
        value->word = (uint64_t)i;
        dependents[i] = rt_dependent_new(key, (RtObject *)value);
        weak[i] = rt_handle_new((RtObject *)value, 0);
        value->left = (Node *)rt_new(&node_type);
        key = (RtObject *)value->left;
    }
}

static void test_dependent(void)
{
    void *dependents[N_MANY], *weak[N_MANY];
    make_chain(dependents, weak);
    collect();
    CHECK(n_alive(weak) == N_MANY);
    RtObject *value;
    for (int i = 0; i < N_MANY; i++)
        CHECK(rt_dependent_get(dependents[i], &value) && ((Node *)value)->word == (uint64_t)i);
    value = NULL;
    rt_dependent_set_target_null(dependents[N_MANY / 2]);
    collect();
    CHECK(n_alive(weak) <= N_MANY / 2 + 3 && n_alive(weak) >= N_MANY / 2);
    kept = NULL;
    collect();
    CHECK(n_alive(weak) <= 3);
    for (int i = 0; i < N_MANY; i++) {
        rt_dependent_free(dependents[i]);
        rt_handle_free(weak[i]);
    }
}

static __attribute__((noinline)) void make_finalizable(int n, void **weak, void **weak_long, bool is_suppressed)
{
    for (int i = 0; i < n; i++) {
        Node *object = (Node *)(i % 2 ? rt_new(&finalizable_type) : rt_new_finalizable(&finalizable_type));
        object->left = (Node *)rt_new(&node_type);
        object->left->word = 42;
        weak[i] = rt_handle_new((RtObject *)object, 0);
        weak_long[i] = rt_handle_new((RtObject *)object, 1);
        if (is_suppressed)
            rt_gc_suppress_finalize((RtObject *)object);
    }
}

static void check_referent(RtObject *object)
{
    CHECK(((Node *)object)->left->word == 42);
}

static void resurrect(RtObject *object)
{
    check_referent(object);
    resurrected = object;
}

static void test_finalizers(void)
{
    void *weak[N_MANY], *weak_long[N_MANY];
    on_finalize = check_referent;
    make_finalizable(N_MANY, weak, weak_long, false);
    collect();
    rt_gc_wait_for_pending_finalizers();
    int n = n_finalized;
    CHECK(n >= N_MANY - 3 && n <= N_MANY);
    CHECK(n_alive(weak) <= 3);
    CHECK(n_alive(weak_long) >= N_MANY - 3); /* still tracked through resurrection */
    collect();
    collect();
    CHECK(n_alive(weak_long) <= 4);
    rt_gc_wait_for_pending_finalizers();
    n = n_finalized;
    make_finalizable(N_MANY, weak, weak_long, true);
    collect();
    rt_gc_wait_for_pending_finalizers();
    CHECK(n_finalized <= n + 3);
}

static void test_resurrection(void)
{
    void *weak[1], *weak_long[1];
    on_finalize = resurrect;
    for (int n_tries = 0; n_tries < 5 && !resurrected; n_tries++) {
        make_finalizable(1, weak, weak_long, false);
        collect();
        rt_gc_wait_for_pending_finalizers();
    }
    CHECK(resurrected);
    collect();
    check_referent(resurrected);
    int n = n_finalized;
    on_finalize = check_referent;
    rt_gc_suppress_finalize(resurrected);
    rt_gc_reregister_finalize(resurrected); /* undoes the suppression; the registration is spent */
    rt_gc_reregister_finalize(resurrected);
    resurrected = NULL;
    collect();
    rt_gc_wait_for_pending_finalizers();
    collect();
    rt_gc_wait_for_pending_finalizers();
    CHECK(n_finalized == n + 1);
}

/* Only `offset` into the array is kept, disguised from the compiler. */
static __attribute__((noinline)) uintptr_t interior_of_new(RtObject *(*make)(void), ptrdiff_t offset, void **weak)
{
    RtObject *object = make();
    *weak = rt_handle_new(object, 0);
    return (uintptr_t)object + (uintptr_t)offset;
}

static RtObject *make_small_array(void) { return rt_new_array(&bytes_type, 1000); }
static RtObject *make_large_array(void) { return rt_new_array(&bytes_type, 100000); }

static void test_interior(void)
{
    struct { RtObject *(*make)(void); ptrdiff_t offset; } cases[] = {
        {make_small_array, -4}, {make_small_array, 0}, {make_small_array, 16}, {make_small_array, 777},
        {make_small_array, 1016}, {make_large_array, 0}, {make_large_array, 5000}, {make_large_array, 100016},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        void *weak;
        volatile uintptr_t interior = interior_of_new(cases[i].make, cases[i].offset, &weak);
        collect();
        CHECK(rt_handle_get(weak) != NULL);
        CHECK(rt_gc_is_heap_object((void *)interior));
        rt_handle_free(weak);
    }
}

/* Words that point into the reserved range but at nothing: its ends, and where nothing is committed yet. Run first,
 * while large space is unused. */
static void test_words_at_the_edges(void)
{
    volatile uintptr_t words[] = {
        rt_heap.base, rt_heap.base + rt_heap.small_bytes - 1, rt_heap.large_base, rt_heap.large_base + 8,
        rt_heap.large_base + RT_LARGE_PAGE_BYTES, rt_heap.large_base + rt_heap.large_bytes - 1,
        rt_heap.large_base + rt_heap.large_bytes,
    };
    rt_gc_collect(0);
    CHECK(words[0] == rt_heap.base);
}

static void new_of_length(void *length)
{
    kept = rt_new_array(&references_type, *(int64_t *)length);
}

static void new_string_of_length(void *length)
{
    kept = rt_new_string((int32_t)*(int64_t *)length, &string_type);
}

static void test_lengths(void)
{
    int64_t length = -1;
    CHECK(thrown_by(new_of_length, &length) == RT_THROW_OVERFLOW);
    length = RT_MAX_ARRAY_LENGTH + 1;
    CHECK(thrown_by(new_of_length, &length) == RT_THROW_OUT_OF_MEMORY);
    CHECK(thrown_by(new_string_of_length, &length) == RT_THROW_OUT_OF_MEMORY);
    length = 0;
    CHECK(thrown_by(new_of_length, &length) == -1 && rt_array_length(kept) == 0);
    CHECK(thrown_by(new_string_of_length, &length) == -1);
    length = 123456;
    CHECK(thrown_by(new_string_of_length, &length) == -1 && rt_array_length(kept) == 123456);
    CHECK(((uint16_t *)((char *)kept + 12))[123455] == 0);
    kept = NULL;
}

static void new_node(void *previous)
{
    Node *node = (Node *)rt_new(&node_type);
    node->left = *(Node **)previous;
    *(Node **)previous = node;
}

static __attribute__((noinline)) size_t fill_memory(void)
{
    size_t n_nodes = 0;
    int kind;
    while ((kind = thrown_by(new_node, &kept)) == -1)
        n_nodes++;
    CHECK(kind == RT_THROW_OUT_OF_MEMORY);
    kept = NULL;
    return n_nodes;
}

/* In 1 GB of address space: a list grows until there is no memory; when it is dropped all is as before. */
static void test_exhaustion(void)
{
    for (int round = 0; round < 3; round++) {
        int64_t length = INT64_C(1) << 29;
        CHECK(thrown_by(new_of_length, &length) == RT_THROW_OUT_OF_MEMORY);
        CHECK(fill_memory() > 100000);
        collect();
        length = 100000;
        CHECK(thrown_by(new_of_length, &length) == -1);
        kept = NULL;
    }
}

static void test_accounts(void)
{
    int64_t before = rt_gc_thread_allocated_bytes();
    for (int i = 0; i < 1000; i++)
        kept = rt_new(&pair_type);
    CHECK(rt_gc_thread_allocated_bytes() - before == 32 * 1000);
    kept = rt_new_array(&bytes_type, 1 << 20);
    CHECK(rt_gc_total_allocated_bytes() >= (1 << 20) + 32000);
    collect();
    CHECK(rt_gc_heap_bytes() >= 1 << 20 && rt_gc_heap_bytes() < 16 << 20);
    kept = NULL;
}

int main(int argc, char **argv)
{
    bool is_exhaustion = argc == 2 && strcmp(argv[1], "exhaustion") == 0;
    struct rlimit limit = {(rlim_t)1 << 30, (rlim_t)1 << 30};
    if (is_exhaustion)
        CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    rt_gc_init();
    if (is_exhaustion) {
        test_exhaustion();
    } else {
        test_words_at_the_edges();
        test_weak();
        test_dependent();
        test_finalizers();
        test_resurrection();
        test_interior();
        test_lengths();
        test_accounts();
    }
    printf("ok\n");
    return 0;
}
