/* Allocation in small space: holes, blocks, growth. Large space is large.c.
 *
 * The fast path runs without any lock and may be stopped by a collection between any two instructions. Its order of
 * stores makes that harmless: type (and length), then the mark byte, then `bump`. Before the mark byte is there the
 * memory is still part of the thread's hole, which a collection leaves alone; after it the object is found like any
 * other, through the register that holds it. Everything else runs with stopping held off.
 */
#include "heap.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

RtHeap rt_heap;
_Thread_local RtAllocator rt_allocator;

enum { COMMIT_STEP_BLOCKS = 32, COMMIT_STEP_MAX_BLOCKS = 1024, HUGE_PAGES_FROM_BLOCKS = 128 };
#define LOOK_UP_LIMIT_FROM_BYTES ((size_t)64 << 20)
#define BYTES_OF_LOW_BITS UINT64_C(0x0101010101010101)

/* ---- memory from the system ---- */

void *rt_map_pages(size_t n_bytes)
{
    void *pages = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

bool rt_vector_push(RtVector *vector, uintptr_t item)
{
    if (vector->n == vector->capacity) {
        size_t capacity = vector->capacity ? vector->capacity * 2 : RT_PAGE_BYTES / sizeof(uintptr_t);
        void *items = vector->items
                          ? mremap(vector->items, vector->capacity * sizeof(uintptr_t), capacity * sizeof(uintptr_t),
                                   MREMAP_MAYMOVE)
                          : rt_map_pages(capacity * sizeof(uintptr_t));
        if (items == NULL || items == MAP_FAILED)
            return false;
        vector->items = items;
        vector->capacity = capacity;
    }
    vector->items[vector->n++] = item;
    return true;
}

static size_t reservation_bytes(size_t space_bytes)
{
    return 2 * space_bytes + space_bytes / RT_GRANULE_BYTES + rt_round_up(space_bytes / RT_BLOCK_BYTES, RT_PAGE_BYTES) +
           rt_round_up(space_bytes / RT_PAGE_BYTES * sizeof(RtLargePage), RT_PAGE_BYTES);
}

void rt_heap_reserve(void)
{
    const size_t alignment = (size_t)1 << 21; /* of a huge page */
    size_t space_bytes = (size_t)1 << 37;
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        while (reservation_bytes(space_bytes) > limit.rlim_cur / 2)
            space_bytes /= 2;
    void *range = MAP_FAILED;
    for (; range == MAP_FAILED && space_bytes >= ((size_t)1 << 22); space_bytes /= 2) {
        range = mmap(NULL, reservation_bytes(space_bytes) + alignment, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (range != MAP_FAILED)
            break;
    }
    if (range == MAP_FAILED)
        rt_fail_fast("no address space for the garbage collected heap");
    RtHeap *heap = &rt_heap;
    heap->base = rt_round_up((uintptr_t)range, alignment);
    heap->small_bytes = space_bytes;
    heap->large_base = heap->base + space_bytes;
    heap->large_bytes = space_bytes;
    uintptr_t marks = heap->large_base + space_bytes;
    uintptr_t states = marks + space_bytes / RT_GRANULE_BYTES;
    size_t states_bytes = rt_round_up(space_bytes / RT_BLOCK_BYTES, RT_PAGE_BYTES);
    heap->marks_bias = (uint8_t *)(marks - (heap->base >> 4));
    heap->block_states = (uint8_t *)states;
    heap->large_pages = (RtLargePage *)(states + states_bytes);
    if (mprotect(heap->block_states, states_bytes, PROT_READ | PROT_WRITE) != 0)
        rt_fail_fast("no memory for the garbage collected heap");
    heap->live = RT_MARK_LIVE_A;
    heap->large_top_page = 1; /* page 0 stays unused: index 0 means none */
    heap->hard_limit_bytes = SIZE_MAX;
}

/* Memory limit of the control group that the process runs in (version 2), less a quarter for what is not the heap. No
 * stdio: a thread that waits for malloc's lock here, with stopping held off, could wait for a stopped one. */
static size_t read_hard_limit(void)
{
    char text[32];
    int file = open("/sys/fs/cgroup/memory.max", O_RDONLY | O_CLOEXEC);
    ssize_t n_read = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0)
        close(file);
    if (n_read <= 0 || text[0] < '0' || text[0] > '9')
        return SIZE_MAX; /* there is no such file, or it says "max" */
    text[n_read] = 0;
    return (size_t)strtoull(text, NULL, 10) / 4 * 3;
}

/* The limit is looked up once the heap is large enough for it to matter. rt_heap.lock is held. */
static bool within_hard_limit(size_t more_bytes)
{
    RtHeap *heap = &rt_heap;
    size_t n_bytes = heap->committed_blocks * RT_BLOCK_BYTES + heap->committed_large_pages * RT_PAGE_BYTES + more_bytes;
    if (!heap->hard_limit_is_read && n_bytes > LOOK_UP_LIMIT_FROM_BYTES) {
        heap->hard_limit_bytes = read_hard_limit();
        heap->hard_limit_is_read = true;
    }
    return n_bytes <= heap->hard_limit_bytes;
}

static bool commit(uintptr_t start, size_t n_bytes, bool wants_huge_pages)
{
    if (mprotect((void *)start, n_bytes, PROT_READ | PROT_WRITE) != 0)
        return false;
    if (wants_huge_pages)
        madvise((void *)start, n_bytes, MADV_HUGEPAGE); /* only advice: the kernel may lack it */
    return true;
}

/* One more block at the end, of zeroed memory unless it was in use before. rt_heap.lock is held. */
static bool grow_by_a_block(void)
{
    RtHeap *heap = &rt_heap;
    if (heap->n_blocks == heap->committed_blocks) {
        size_t n_more = heap->committed_blocks / 8;
        n_more = rt_round_up(n_more < COMMIT_STEP_BLOCKS ? COMMIT_STEP_BLOCKS : n_more, COMMIT_STEP_BLOCKS);
        n_more = n_more > COMMIT_STEP_MAX_BLOCKS ? COMMIT_STEP_MAX_BLOCKS : n_more;
        size_t n_left = heap->small_bytes / RT_BLOCK_BYTES - heap->committed_blocks;
        n_more = n_more > n_left ? n_left : n_more;
        if (n_more == 0 || !within_hard_limit(n_more * RT_BLOCK_BYTES))
            return false;
        uintptr_t start = heap->base + heap->committed_blocks * RT_BLOCK_BYTES;
        bool wants_huge_pages = heap->committed_blocks >= HUGE_PAGES_FROM_BLOCKS;
        if (!commit((uintptr_t)rt_mark_byte(start), n_more * RT_BLOCK_GRANULES, wants_huge_pages) ||
            !commit(start, n_more * RT_BLOCK_BYTES, wants_huge_pages))
            return false;
        heap->committed_blocks += n_more;
    }
    heap->block_states[heap->n_blocks] = RT_BLOCK_UNSWEPT;
    heap->n_blocks++;
    return true;
}

/* Commits large space up to `n_pages`. rt_heap.lock is held. */
bool rt_large_commit(size_t n_pages)
{
    RtHeap *heap = &rt_heap;
    if (n_pages <= heap->committed_large_pages)
        return true;
    size_t n_more = rt_round_up(n_pages - heap->committed_large_pages, 256);
    size_t n_left = heap->large_bytes / RT_PAGE_BYTES - heap->committed_large_pages;
    n_more = n_more > n_left ? n_left : n_more;
    if (heap->committed_large_pages + n_more < n_pages || !within_hard_limit(n_more * RT_PAGE_BYTES))
        return false;
    uintptr_t start = heap->large_base + heap->committed_large_pages * RT_PAGE_BYTES;
    uintptr_t table = (uintptr_t)(heap->large_pages + heap->committed_large_pages) & ~(RT_PAGE_BYTES - 1);
    uintptr_t table_end =
        rt_round_up((uintptr_t)(heap->large_pages + heap->committed_large_pages + n_more), RT_PAGE_BYTES);
    if (!commit(table, table_end - table, false) || !commit(start, n_more * RT_PAGE_BYTES, n_more >= 1024))
        return false;
    heap->committed_large_pages += n_more;
    return true;
}

/* ---- holes ---- */

static inline uint64_t load_marks(const uint8_t *marks)
{
    uint64_t word;
    memcpy(&word, marks, sizeof word);
    return word;
}

/* Index of the first mark byte from `from` on whose `live` bit differs from `is_live`; RT_BLOCK_GRANULES when none. */
static size_t end_of_run(const uint8_t *marks, size_t from, bool is_live, uint8_t live)
{
    uint64_t live_bits = BYTES_OF_LOW_BITS * live;
    uint64_t flip = is_live ? live_bits : 0;
    while (from < RT_BLOCK_GRANULES && (from & 7) != 0) {
        if (((marks[from] & live) != 0) != is_live)
            return from;
        from++;
    }
    for (; from < RT_BLOCK_GRANULES; from += 8) {
        uint64_t different = (load_marks(marks + from) & live_bits) ^ flip;
        if (different)
            return from + ((size_t)__builtin_ctzll(different) >> 3);
    }
    return RT_BLOCK_GRANULES;
}

static uintptr_t block_start(size_t block)
{
    return rt_heap.base + block * RT_BLOCK_BYTES;
}

/* Leaves the rest of a hole unused until the next collection; the rest was not allocated after all. */
static void drop_hole(RtThread *self, RtHole *hole)
{
    self->allocated_bytes -= hole->end - hole->bump;
    hole->bump = hole->zeroed = hole->end = 0;
}

/* The next hole of the thread's block into its allocator; clears the marks of what it passes. */
static bool next_hole(RtThread *self)
{
    RtHole *hole = &self->allocator->hole;
    drop_hole(self, hole);
    if (!self->has_cursor)
        return false;
    uint8_t live = rt_heap.live;
    uintptr_t start = block_start(self->cursor_block);
    uint8_t *marks = rt_mark_byte(start);
    size_t at = self->cursor_granule;
    while ((at = end_of_run(marks, at, true, live)) < RT_BLOCK_GRANULES) {
        size_t end = end_of_run(marks, at, false, live);
        size_t n_granules = end - at;
        memset(marks + at, 0, n_granules);
        if (n_granules >= RT_MIN_HOLE_GRANULES) {
            hole->bump = hole->zeroed = start + at * RT_GRANULE_BYTES;
            hole->end = start + end * RT_GRANULE_BYTES;
            self->cursor_granule = (uint32_t)end;
            self->allocated_bytes += n_granules * RT_GRANULE_BYTES;
            return true;
        }
        at = end;
    }
    self->has_cursor = false;
    return false;
}

/* Adds what the thread has taken since the last call to the heap's account. */
static void report_allocated(RtThread *self)
{
    int64_t more_bytes = (int64_t)(self->allocated_bytes - self->reported_bytes);
    atomic_fetch_add_explicit(&rt_heap.allocated_since, more_bytes, memory_order_relaxed);
    self->reported_bytes = self->allocated_bytes;
}

/* The next block that may have holes, or a new one; the thread's cursor at its start. */
static bool take_block(RtThread *self)
{
    RtHeap *heap = &rt_heap;
    report_allocated(self);
    rt_mutex_lock(&heap->lock);
    size_t block = heap->sweep_cursor;
    while (block < heap->n_blocks && heap->block_states[block] == RT_BLOCK_TAKEN)
        block++;
    if (block == heap->n_blocks && !grow_by_a_block()) {
        heap->sweep_cursor = block;
        rt_mutex_unlock(&heap->lock);
        return false;
    }
    heap->block_states[block] = RT_BLOCK_TAKEN;
    heap->sweep_cursor = block + 1;
    self->allocator->hole.is_fresh = block >= heap->fresh_from;
    if (heap->fresh_from < heap->n_blocks)
        heap->fresh_from = heap->n_blocks;
    rt_mutex_unlock(&heap->lock);
    self->cursor_block = (uint32_t)block;
    self->cursor_granule = 0;
    self->has_cursor = true;
    return true;
}

/* A wholly free block as the thread's medium hole: an unswept one from the top of the heap, or a new one. */
static bool take_free_block(RtThread *self)
{
    RtHeap *heap = &rt_heap;
    report_allocated(self);
    rt_mutex_lock(&heap->lock);
    size_t block = heap->free_block_cursor;
    bool is_found = false;
    while (!is_found && block > heap->sweep_cursor) {
        block--;
        is_found = heap->block_states[block] == RT_BLOCK_UNSWEPT &&
                   end_of_run(rt_mark_byte(block_start(block)), 0, false, heap->live) == RT_BLOCK_GRANULES;
    }
    heap->free_block_cursor = block;
    if (!is_found) {
        block = heap->n_blocks;
        if (!grow_by_a_block()) {
            rt_mutex_unlock(&heap->lock);
            return false;
        }
    }
    heap->block_states[block] = RT_BLOCK_TAKEN;
    self->medium.is_fresh = block >= heap->fresh_from;
    if (heap->fresh_from < heap->n_blocks)
        heap->fresh_from = heap->n_blocks;
    rt_mutex_unlock(&heap->lock);
    drop_hole(self, &self->medium);
    memset(rt_mark_byte(block_start(block)), 0, RT_BLOCK_GRANULES);
    self->medium.bump = self->medium.zeroed = block_start(block);
    self->medium.end = block_start(block) + RT_BLOCK_BYTES;
    self->allocated_bytes += RT_BLOCK_BYTES;
    return true;
}

/* Makes [bump, bump + size) cleared memory when the hole is that long. */
static bool extend_hole(RtHole *hole, size_t size)
{
    if (hole->end - hole->bump < size)
        return false;
    uintptr_t wanted = hole->bump + size;
    if (wanted > hole->zeroed) {
        uintptr_t zeroed = rt_heap.stress_interval ? wanted : wanted + RT_ZERO_AHEAD_BYTES;
        zeroed = zeroed > hole->end ? hole->end : zeroed;
        if (!hole->is_fresh)
            memset((void *)hole->zeroed, 0, zeroed - hole->zeroed);
        hole->zeroed = zeroed;
    }
    return true;
}

/* The hole whose bump is `size` bytes of cleared memory; NULL when there is no memory. Stopping is held off. */
static RtHole *hole_for(RtThread *self, size_t size)
{
    RtHole *hole = &self->allocator->hole;
    for (;;) {
        if (extend_hole(hole, size))
            return hole;
        if (size > RT_MEDIUM_BYTES) {
            hole = &self->medium;
            if (!extend_hole(hole, size) && !take_free_block(self))
                return NULL;
        } else if (!next_hole(self) && !take_block(self)) {
            return NULL;
        }
    }
}

/* ---- objects ---- */

/* Stores in the order that the top of this file explains. `length` is written when the type has elements. */
static inline RtObject *publish(RtHole *hole, size_t size, const RtType *type, uint32_t length, bool has_length)
{
    uintptr_t start = hole->bump;
    RtObject *object = (RtObject *)(start + RT_HEADER_BYTES);
    object->type = type;
    if (has_length)
        *(uint32_t *)((uintptr_t)object + 8) = length;
    RT_SIGNAL_FENCE();
    rt_allocator.marks_bias[start >> 4] = RT_MARK_YOUNG;
    RT_SIGNAL_FENCE();
    hole->bump = start + size;
    return object;
}

/* Stopping is held off. NULL: no memory. */
static RtObject *try_allocate(RtThread *self, const RtType *type, size_t size, uint32_t length, bool has_length)
{
    if (size <= RT_LARGE_BYTES) {
        RtHole *hole = hole_for(self, size);
        return hole ? publish(hole, size, type, length, has_length) : NULL;
    }
    rt_mutex_lock(&rt_heap.lock);
    RtObject *object = rt_large_alloc(size);
    rt_mutex_unlock(&rt_heap.lock);
    if (object) {
        object->type = type;
        if (has_length)
            *(uint32_t *)((uintptr_t)object + 8) = length;
        self->allocated_bytes += size;
        report_allocated(self);
    }
    return object;
}

static bool is_time_to_collect(void)
{
    RtHeap *heap = &rt_heap;
    if (RT_UNLIKELY(heap->stress_interval) &&
        atomic_fetch_add_explicit(&heap->stress_count, 1, memory_order_relaxed) % heap->stress_interval == 0)
        return true;
    return atomic_load_explicit(&heap->allocated_since, memory_order_relaxed) >= heap->threshold;
}

/* Without this a full heap would be collected again for every few objects. */
static bool is_collecting_worth_it(void)
{
    const RtHeap *heap = &rt_heap;
    return heap->live_bytes < heap->n_blocks * RT_BLOCK_BYTES / 128 * 127;
}

static __attribute__((noinline)) RtObject *allocate_slowly(const RtType *type, size_t size, uint32_t length,
                                                           bool has_length)
{
    RtThread *self = rt_thread_self();
    RtHeap *heap = &rt_heap;
    if (is_time_to_collect())
        rt_gc_collect_since(atomic_load(&heap->n_collections));
    for (int n_attempts = 0;; n_attempts++) {
        uint32_t n_seen = atomic_load(&heap->n_collections);
        rt_hold_off_stop(self);
        RtObject *object = try_allocate(self, type, size, length, has_length);
        rt_allow_stop(self);
        if (object) {
            if ((type->flags & RT_FLAG_HAS_FINALIZER) && !rt_finalizer_register(self, object))
                rt_throw_kind(RT_THROW_OUT_OF_MEMORY);
            return object;
        }
        if (n_attempts == 2 || (n_attempts == 1 && !is_collecting_worth_it()))
            rt_throw_kind(RT_THROW_OUT_OF_MEMORY);
        rt_gc_collect_since(n_seen);
    }
}

RtObject *rt_new(const RtType *type)
{
    RtHole *hole = &rt_allocator.hole;
    size_t size = rt_round_up(type->base_size, RT_GRANULE_BYTES);
    if (RT_LIKELY(size <= hole->zeroed - hole->bump && !(type->flags & RT_FLAG_HAS_FINALIZER)))
        return publish(hole, size, type, 0, false);
    return allocate_slowly(type, size, 0, false);
}

static inline RtObject *new_with_elements(const RtType *type, uint32_t length)
{
    RtHole *hole = &rt_allocator.hole;
    assert(type->flags & RT_FLAG_HAS_COMPONENT_SIZE);
    size_t size = rt_round_up(type->base_size + (size_t)(type->flags & 0xFFFF) * length, RT_GRANULE_BYTES);
    if (RT_LIKELY(size <= hole->zeroed - hole->bump))
        return publish(hole, size, type, length, true);
    return allocate_slowly(type, size, length, true);
}

RtObject *rt_new_array(const RtType *array_type, int64_t length)
{
    if (RT_UNLIKELY((uint64_t)length > (uint64_t)RT_MAX_ARRAY_LENGTH))
        rt_throw_kind(length < 0 ? RT_THROW_OVERFLOW : RT_THROW_OUT_OF_MEMORY);
    return new_with_elements(array_type, (uint32_t)length);
}

RtObject *rt_new_string(int32_t length, const RtType *string_type)
{
    const int32_t max_length = 0x3FFFFFDF; /* String.MaxLength of CoreCLR */
    if (RT_UNLIKELY((uint32_t)length > (uint32_t)max_length))
        rt_throw_kind(RT_THROW_OUT_OF_MEMORY);
    return new_with_elements(string_type, (uint32_t)length);
}

/* ---- around a collection; the world is stopped ---- */

/* Clears the marks of dead objects in one block, so that nothing stale looks like an object to the next collection. */
static void clear_dead_marks(size_t block)
{
    uint8_t *marks = rt_mark_byte(block_start(block));
    uint8_t live = rt_heap.live;
    unsigned shift = live == RT_MARK_LIVE_A ? 1 : 2;
    for (size_t at = 0; at < RT_BLOCK_GRANULES; at += 8) {
        uint64_t word = load_marks(marks + at);
        if (word == 0)
            continue;
        uint64_t is_live = (word >> shift) & BYTES_OF_LOW_BITS;
        word &= is_live * 0xFF;
        memcpy(marks + at, &word, sizeof word);
    }
}

/* As clear_dead_marks, for the part of the thread's block that its cursor has not passed. */
static void clear_dead_marks_ahead(RtThread *thread)
{
    uint8_t *marks = rt_mark_byte(block_start(thread->cursor_block));
    uint8_t live = rt_heap.live;
    for (size_t at = thread->cursor_granule; at < RT_BLOCK_GRANULES; at++)
        if (!(marks[at] & live))
            marks[at] = 0;
}

void rt_sweep_rest(void)
{
    RtHeap *heap = &rt_heap;
    for (size_t block = heap->sweep_cursor; block < heap->n_blocks; block++)
        if (heap->block_states[block] == RT_BLOCK_UNSWEPT)
            clear_dead_marks(block);
    for (RtThread *thread = rt_world.threads; thread; thread = thread->next)
        if (thread->has_cursor)
            clear_dead_marks_ahead(thread);
}

/* The thread goes on with its hole. When it was stopped between its mark byte and its bump there is an object at the
 * bump that a register may hold and that may have been marked; it becomes young again. All else in the hole is free. */
static void keep_hole(RtHole *hole)
{
    if (hole->bump == hole->end)
        return;
    size_t block = (hole->bump - rt_heap.base) / RT_BLOCK_BYTES;
    uint8_t *marks = rt_mark_byte(hole->bump);
    bool has_begun_object = (*marks & RT_MARK_START) != 0;
    clear_dead_marks(block);
    memset(marks, 0, (hole->end - hole->bump) / RT_GRANULE_BYTES);
    if (has_begun_object)
        *marks = RT_MARK_YOUNG;
    rt_heap.block_states[block] = RT_BLOCK_TAKEN;
}

void rt_holes_after_marking(void)
{
    RtHeap *heap = &rt_heap;
    memset(heap->block_states, RT_BLOCK_UNSWEPT, heap->n_blocks);
    heap->sweep_cursor = 0;
    heap->free_block_cursor = heap->n_blocks;
    for (RtThread *thread = rt_world.threads; thread; thread = thread->next) {
        thread->has_cursor = false;
        if (!thread->allocator)
            continue;
        RtHole *holes[] = {&thread->allocator->hole, &thread->medium};
        for (int i = 0; i < 2; i++)
            keep_hole(holes[i]);
        if (holes[0]->bump != holes[0]->end) {
            thread->cursor_block = (uint32_t)((holes[0]->bump - heap->base) / RT_BLOCK_BYTES);
            thread->cursor_granule = (uint32_t)((holes[0]->end - block_start(thread->cursor_block)) / RT_GRANULE_BYTES);
            thread->has_cursor = true;
        }
    }
}

void rt_trim_blocks(size_t target_blocks)
{
    RtHeap *heap = &rt_heap;
    size_t n_blocks = heap->n_blocks;
    while (n_blocks > target_blocks && heap->block_states[n_blocks - 1] == RT_BLOCK_UNSWEPT &&
           end_of_run(rt_mark_byte(block_start(n_blocks - 1)), 0, false, heap->live) == RT_BLOCK_GRANULES)
        n_blocks--;
    if (n_blocks == heap->n_blocks)
        return;
    size_t n_freed = heap->n_blocks - n_blocks;
    memset(rt_mark_byte(block_start(n_blocks)), 0, n_freed * RT_BLOCK_GRANULES);
    if (madvise((void *)block_start(n_blocks), n_freed * RT_BLOCK_BYTES, MADV_DONTNEED) == 0 &&
        heap->fresh_from > n_blocks)
        heap->fresh_from = n_blocks;
    heap->n_blocks = n_blocks;
    heap->free_block_cursor = n_blocks;
}

void rt_thread_give_up_holes(RtThread *thread)
{
    if (thread->has_cursor)
        clear_dead_marks_ahead(thread); /* nobody else sweeps a block that was taken */
    drop_hole(thread, &thread->allocator->hole);
    drop_hole(thread, &thread->medium);
    report_allocated(thread);
    thread->has_cursor = false;
}
