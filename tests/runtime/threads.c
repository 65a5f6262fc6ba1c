/* Many threads that allocate, collect, start and end at the same time; monitors with contention; identity hash codes. */
#include "support.h"
#include <sched.h>

enum { N_THREADS = 6, N_ROUNDS = 40, TREE_DEPTH = 9, N_INCREMENTS = 30000 };

static STATIC_ROOT RtObject *shared_lock;
static STATIC_ROOT RtObject *queue_lock;
static int64_t counter;

static Node *make_tree(int depth, uint64_t word)
{
    Node *node = (Node *)rt_new(&node_type);
    node->word = word + (uint64_t)depth;
    if (depth > 0) {
        node->left = make_tree(depth - 1, word);
        node->right = make_tree(depth - 1, word);
    }
    return node;
}

static int64_t check_tree(const Node *node, int depth, uint64_t word)
{
    CHECK(node->word == word + (uint64_t)depth);
    return depth == 0 ? 1 : 1 + check_tree(node->left, depth - 1, word) + check_tree(node->right, depth - 1, word);
}

/* Roots on the stack, in thread statics and in the start argument. */
static void allocate_much(void *argument)
{
    Node *first = argument;
    uint64_t word = first->word;
    RtObject **statics = (RtObject **)rt_thread_statics();
    CHECK(statics[0] == NULL && statics[7] == NULL);
    Node *kept = make_tree(TREE_DEPTH, word);
    statics[7] = (RtObject *)make_tree(TREE_DEPTH, word + 1);
    for (uint64_t round = 0; round < N_ROUNDS; round++) {
        RtObject *array = rt_new_array(&references_type, 3000 + (int64_t)(round * 100));
        for (uint32_t i = 0; i < 3000; i += 100)
            elements(array)[i] = (RtObject *)make_tree(2, i);
        Node *tree = make_tree(TREE_DEPTH, round);
        CHECK(check_tree(tree, TREE_DEPTH, round) == (1 << (TREE_DEPTH + 1)) - 1);
        for (uint32_t i = 0; i < 3000; i += 100)
            check_tree((Node *)elements(array)[i], 2, i);
        if (round % 16 == word % 16)
            rt_gc_collect(0);
    }
    check_tree(kept, TREE_DEPTH, word);
    check_tree((Node *)statics[7], TREE_DEPTH, word + 1);
    CHECK(first->word == word);
}

static RtThread *start_allocating(uint64_t word)
{
    Node *argument = (Node *)rt_new(&node_type);
    argument->word = word;
    return rt_thread_create(allocate_much, argument, 0);
}

static void test_allocation(void)
{
    for (int generation = 0; generation < 3; generation++) {
        RtThread *threads[N_THREADS];
        for (int i = 0; i < N_THREADS; i++) {
            threads[i] = start_allocating((uint64_t)i * 1000);
            CHECK(threads[i]);
            if (i == 0)
                rt_thread_set_name(threads[0], "a name that is too long for the kernel");
        }
        for (int i = 0; i < N_THREADS; i++) {
            CHECK(rt_thread_join(threads[i], -1) && !rt_thread_is_alive(threads[i]));
            rt_thread_release(threads[i]);
        }
    }
}

enum { N_BLOCK_NODES = 8000, KEPT_EVERY = 500, N_NEW_NODES = 3 };
static STATIC_ROOT RtObject *kept_nodes[N_BLOCK_NODES / KEPT_EVERY];

/* Fills some blocks; keeps a node here and there so that each block has several holes. The addresses of the others go
 * to memory that is not scanned. */
static __attribute__((noinline)) void fill_blocks(uintptr_t *dead)
{
    for (int i = 0; i < N_BLOCK_NODES; i++) {
        RtObject *node = rt_new(&node_type);
        dead[i] = i % KEPT_EVERY ? (uintptr_t)node : 0;
        if (i % KEPT_EVERY == 0)
            kept_nodes[i / KEPT_EVERY] = node;
    }
}

static void allocate_a_little(void *argument)
{
    (void)argument;
    for (int i = 0; i < N_NEW_NODES; i++)
        rt_new(&node_type);
}

static __attribute__((noinline)) int count_found_by_stray_words(const uintptr_t *dead)
{
    volatile uintptr_t words[N_BLOCK_NODES];
    int n_found = 0;
    for (int i = 0; i < N_BLOCK_NODES; i++)
        words[i] = dead[i];
    rt_gc_collect(0);
    for (int i = 0; i < N_BLOCK_NODES; i++)
        n_found += words[i] && rt_is_marked((RtObject *)words[i]);
    return n_found;
}

/* A thread ends in the middle of a block: what is dead in the rest of it must not look alive to a stray word. Only the
 * ended thread's own new nodes may be found. */
static void test_exit_within_block(void)
{
    static uintptr_t dead[N_BLOCK_NODES];
    fill_blocks(dead);
    rt_gc_collect(0);
    for (int i = 0; i < N_BLOCK_NODES; i++)
        if (dead[i] && rt_is_marked((RtObject *)dead[i]))
            dead[i] = 0; /* a register or the stack still had it: not dead */
    RtThread *thread = rt_thread_create(allocate_a_little, NULL, 0);
    CHECK(thread && rt_thread_join(thread, -1));
    rt_thread_release(thread);
    CHECK(count_found_by_stray_words(dead) <= N_NEW_NODES);
    memset(kept_nodes, 0, sizeof kept_nodes);
}

static void increment_often(void *argument)
{
    (void)argument;
    for (int i = 0; i < N_INCREMENTS; i++) {
        rt_monitor_enter(shared_lock);
        rt_monitor_enter(shared_lock);
        counter++;
        rt_monitor_exit(shared_lock);
        rt_monitor_exit(shared_lock);
        if (i % 1000 == 0)
            rt_new(&node_type);
    }
}

static void run_on_threads(void (*entry)(void *), int n_threads)
{
    RtThread *threads[16];
    for (int i = 0; i < n_threads; i++)
        threads[i] = rt_thread_create(entry, (void *)(intptr_t)i, 0);
    for (int i = 0; i < n_threads; i++) {
        CHECK(rt_thread_join(threads[i], -1));
        rt_thread_release(threads[i]);
    }
}

static void exit_monitor(void *object)
{
    rt_monitor_exit(object);
}

static void pulse_monitor(void *object)
{
    rt_monitor_pulse(object);
}

static void exit_foreign(void *argument)
{
    (void)argument;
    CHECK(thrown_by(exit_monitor, shared_lock) == RT_THROW_SYNCHRONIZATION_LOCK);
    CHECK(thrown_by(pulse_monitor, shared_lock) == RT_THROW_SYNCHRONIZATION_LOCK);
    CHECK(!rt_monitor_try_enter(shared_lock, 0) && !rt_monitor_try_enter(shared_lock, 20));
    CHECK(!rt_monitor_is_entered(shared_lock));
}

static void test_monitor(void)
{
    shared_lock = rt_new(&node_type);
    CHECK(thrown_by(exit_monitor, shared_lock) == RT_THROW_SYNCHRONIZATION_LOCK);
    for (int i = 0; i < 1000; i++) /* past what the thin lock counts */
        rt_monitor_enter(shared_lock);
    run_on_threads(exit_foreign, 1);
    for (int i = 0; i < 1000; i++) {
        CHECK(rt_monitor_is_entered(shared_lock));
        rt_monitor_exit(shared_lock);
    }
    CHECK(!rt_monitor_is_entered(shared_lock));
    CHECK(thrown_by(exit_monitor, shared_lock) == RT_THROW_SYNCHRONIZATION_LOCK);
    shared_lock = rt_new(&node_type);
    rt_monitor_enter(shared_lock);
    run_on_threads(exit_foreign, 1);
    rt_monitor_exit(shared_lock);
    shared_lock = rt_new(&node_type);
    run_on_threads(increment_often, N_THREADS);
    CHECK(counter == (int64_t)N_THREADS * N_INCREMENTS);
}

static int n_in_queue, n_taken;
enum { N_ITEMS = 20000, QUEUE_LIMIT = 10 };

/* Even threads put, odd ones take. */
static void use_queue(void *argument)
{
    bool is_producer = (intptr_t)argument % 2 == 0;
    for (int i = 0; i < N_ITEMS; i++) {
        rt_monitor_enter(queue_lock);
        while (is_producer ? n_in_queue == QUEUE_LIMIT : n_in_queue == 0)
            CHECK(rt_monitor_wait(queue_lock, -1));
        n_in_queue += is_producer ? 1 : -1;
        n_taken += !is_producer;
        CHECK(n_in_queue >= 0 && n_in_queue <= QUEUE_LIMIT);
        rt_monitor_pulse_all(queue_lock);
        rt_monitor_exit(queue_lock);
        if (i % 500 == 0)
            rt_gc_collect(0);
    }
}

static void test_wait_and_pulse(void)
{
    queue_lock = rt_new(&node_type);
    run_on_threads(use_queue, 4);
    CHECK(n_in_queue == 0 && n_taken == 2 * N_ITEMS);
    rt_monitor_enter(queue_lock);
    rt_monitor_enter(queue_lock);
    int64_t start = rt_now_ns();
    CHECK(!rt_monitor_wait(queue_lock, 30));
    CHECK(rt_now_ns() - start >= 30 * RT_NS_PER_MS);
    rt_monitor_exit(queue_lock);
    CHECK(rt_monitor_is_entered(queue_lock));
    rt_monitor_exit(queue_lock);
}

static void test_hash_codes(void)
{
    RtObject *object = rt_new(&node_type);
    CHECK(rt_object_try_hash(object) == 0);
    int32_t hash = rt_object_hash(object);
    CHECK(hash > 0 && rt_object_hash(object) == hash && rt_object_try_hash(object) == hash);
    rt_monitor_enter(object);
    CHECK(rt_object_hash(object) == hash && rt_monitor_is_entered(object));
    rt_monitor_exit(object);
    CHECK(rt_object_hash(object) == hash);
    RtObject *locked = rt_new(&node_type);
    rt_monitor_enter(locked);
    hash = rt_object_hash(locked);
    CHECK(hash > 0 && rt_monitor_is_entered(locked));
    rt_monitor_exit(locked);
    rt_gc_collect(0);
    CHECK(rt_object_hash(locked) == hash);
    int n_same = 0;
    for (int i = 0; i < 1000; i++)
        n_same += rt_object_hash(rt_new(&node_type)) == hash;
    CHECK(n_same < 3);
}

/* Each inflated lock's monitor comes back when its object dies: far more objects than the table has room for. */
static void test_monitor_table(void)
{
    for (int i = 0; i < 5000000; i++) {
        RtObject *object = rt_new(&node_type);
        rt_object_hash(object);
        rt_monitor_enter(object);
        rt_monitor_exit(object);
    }
}

int main(void)
{
    rt_gc_init();
    if (!rt_heap.stress_interval)
        test_exit_within_block();
    test_allocation();
    test_monitor();
    test_wait_and_pulse();
    test_hash_codes();
    if (!rt_heap.stress_interval)
        test_monitor_table();
    printf("ok\n");
    return 0;
}
