/* binarytrees against the allocator: prints the check sum, the time, collections, pauses and the peak of memory. */
#include "support.h"

/* VmHWM; getrusage would count what the process was before exec. */
static long peak_kb(void)
{
    char line[256];
    long kb = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, file))
        sscanf(line, "VmHWM: %ld", &kb);
    fclose(file);
    return kb;
}

static __attribute__((noinline)) Node *make(int depth)
{
    Node *node = (Node *)rt_new(&pair_type);
    if (depth > 0) {
        node->left = make(depth - 1);
        node->right = make(depth - 1);
    }
    return node;
}

static int64_t check(const Node *node)
{
    return node->left ? 1 + check(node->left) + check(node->right) : 1;
}

static __attribute__((noinline)) int64_t run(int max)
{
    int64_t sum = check(make(max + 1));
    Node *long_lived = make(max);
    for (int depth = 4; depth <= max; depth += 4) {
        int64_t n_iterations = INT64_C(1) << (max - depth + 4), total = 0;
        for (int64_t i = 0; i < n_iterations; i++)
            total += check(make(depth));
        sum = sum * 31 + total;
    }
    return sum + check(long_lived);
}

int main(int argc, char **argv)
{
    (void)argc;
    rt_gc_init();
    int64_t start = rt_now_ns();
    printf("%lld\n", (long long)run(atoi(argv[1])));
    fprintf(stderr, "ms=%lld collections=%d pause_total_ms=%.1f pause_max_ms=%.2f peak_kb=%ld live_kb=%zu\n",
            (long long)((rt_now_ns() - start) / RT_NS_PER_MS), rt_gc_count(0), (double)rt_gc_pause_ns(false) / 1e6,
            (double)rt_gc_pause_ns(true) / 1e6, peak_kb(), rt_heap.live_bytes / 1024);
    return 0;
}
