/* Blocks of small space: finding holes, which is sweeping, taking blocks, and what a collection does to both.
 *
 * A thread allocates through three cursors. The small one takes blocks from the bottom of the heap and every hole in
 * them. The two medium ones take blocks from the top, each for its range of sizes, and only blocks with a hole that is
 * long enough; so long holes are kept for them where there are any, and no size needs a block that is wholly free.
 * A block belongs to one cursor until the next collection. All but the last part runs with stopping held off.
 */
#include "heap.h"
#include <sys/mman.h>

#define BYTES_OF_LOW_BITS UINT64_C(0x0101010101010101)

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

/* The next hole of at least `n_wanted` granules of the cursor's block into its hole; clears the marks of what it passes. */
static bool next_hole(RtThread *self, RtCursor *cursor, size_t n_wanted)
{
    RtHole *hole = &cursor->hole;
    drop_hole(self, hole);
    if (!cursor->has_block)
        return false;
    uint8_t live = rt_heap.live;
    uintptr_t start = block_start(cursor->block);
    uint8_t *marks = rt_mark_byte(start);
    size_t at = cursor->granule;
    while ((at = end_of_run(marks, at, true, live)) < RT_BLOCK_GRANULES) {
        size_t end = end_of_run(marks, at, false, live);
        size_t n_granules = end - at;
        memset(marks + at, 0, n_granules);
        if (n_granules >= n_wanted) {
            hole->bump = hole->zeroed = start + at * RT_GRANULE_BYTES;
            hole->end = start + end * RT_GRANULE_BYTES;
            cursor->granule = (uint32_t)end;
            self->allocated_bytes += n_granules * RT_GRANULE_BYTES;
            return true;
        }
        at = end;
    }
    cursor->has_block = false;
    return false;
}

static bool has_hole(size_t block, size_t n_wanted)
{
    const uint8_t *marks = rt_mark_byte(block_start(block));
    size_t at = 0;
    while ((at = end_of_run(marks, at, true, rt_heap.live)) + n_wanted <= RT_BLOCK_GRANULES) {
        size_t end = end_of_run(marks, at, false, rt_heap.live);
        if (end - at >= n_wanted)
            return true;
        at = end;
    }
    return false;
}

/* Adds what the thread has taken since the last call to the heap's account. */
void rt_report_allocated(RtThread *self)
{
    int64_t more_bytes = (int64_t)(self->allocated_bytes - self->reported_bytes);
    atomic_fetch_add_explicit(&rt_heap.allocated_since, more_bytes, memory_order_relaxed);
    self->reported_bytes = self->allocated_bytes;
}

/* From the bottom up, any block not yet taken; RtHeap.n_blocks when there is none. rt_heap.lock is held. */
static size_t find_block_for_small(void)
{
    RtHeap *heap = &rt_heap;
    size_t block = heap->sweep_cursor;
    while (block < heap->n_blocks && heap->block_states[block] == RT_BLOCK_TAKEN)
        block++;
    heap->sweep_cursor = block;
    return block;
}

/* From the top down, a block with a hole of `n_wanted` granules; RtHeap.n_blocks when there is none. Each block is
 * looked at once per range of sizes and collection. rt_heap.lock is held. */
static size_t find_block_for_medium(int medium, size_t n_wanted)
{
    RtHeap *heap = &rt_heap;
    size_t block = heap->medium_cursors[medium];
    while (block > heap->sweep_cursor) {
        block--;
        if (heap->block_states[block] == RT_BLOCK_UNSWEPT && has_hole(block, n_wanted)) {
            heap->medium_cursors[medium] = block;
            return block;
        }
    }
    heap->medium_cursors[medium] = block;
    return heap->n_blocks;
}

/* A block for the cursor, whose position is then its start; a new one when no old one will do. `medium`: which of the
 * medium cursors it is, or -1. False: no memory. */
static bool take_block(RtThread *self, RtCursor *cursor, int medium, size_t n_wanted)
{
    RtHeap *heap = &rt_heap;
    rt_report_allocated(self);
    rt_mutex_lock(&heap->lock);
    size_t block = medium < 0 ? find_block_for_small() : find_block_for_medium(medium, n_wanted);
    bool is_there = block < heap->n_blocks || rt_grow_by_a_block();
    if (is_there) {
        heap->block_states[block] = RT_BLOCK_TAKEN;
        cursor->hole.is_fresh = block >= heap->fresh_from;
        if (heap->fresh_from < heap->n_blocks)
            heap->fresh_from = heap->n_blocks;
        cursor->block = (uint32_t)block;
        cursor->granule = 0;
        cursor->has_block = true;
    }
    rt_mutex_unlock(&heap->lock);
    return is_there;
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

RtHole *rt_hole_for(RtThread *self, size_t size)
{
    int medium = size <= RT_MEDIUM_BYTES ? -1 : size <= RT_MEDIUM_SPLIT_BYTES ? 0 : 1;
    RtCursor *cursor = medium < 0 ? &self->allocator->small : &self->medium[medium];
    size_t n_wanted = medium < 0 ? RT_MIN_HOLE_GRANULES : size / RT_GRANULE_BYTES;
    if (medium >= 0 && extend_hole(&self->allocator->small.hole, size))
        return &self->allocator->small.hole;
    while (!extend_hole(&cursor->hole, size))
        if (!next_hole(self, cursor, n_wanted) && !take_block(self, cursor, medium, n_wanted))
            return NULL;
    return &cursor->hole;
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

/* As clear_dead_marks, for the part of the cursor's block that it has not passed. Nobody else sweeps a taken block. */
static void clear_dead_marks_ahead(const RtCursor *cursor)
{
    if (!cursor->has_block)
        return;
    uint8_t *marks = rt_mark_byte(block_start(cursor->block));
    uint8_t live = rt_heap.live;
    for (size_t at = cursor->granule; at < RT_BLOCK_GRANULES; at++)
        if (!(marks[at] & live))
            marks[at] = 0;
}

static RtCursor *cursor_of(RtThread *thread, int i)
{
    return i == 0 ? &thread->allocator->small : &thread->medium[i - 1];
}

void rt_sweep_rest(void)
{
    RtHeap *heap = &rt_heap;
    for (size_t block = heap->sweep_cursor; block < heap->n_blocks; block++)
        if (heap->block_states[block] == RT_BLOCK_UNSWEPT)
            clear_dead_marks(block);
    for (RtThread *thread = rt_world.threads; thread; thread = thread->next)
        for (int i = 0; thread->allocator && i < RT_N_CURSORS; i++)
            clear_dead_marks_ahead(cursor_of(thread, i));
}

/* The thread goes on with its hole and then with the rest of its block. When it was stopped between its mark byte and its
 * bump there is an object at the bump that a register may hold and that may have been marked; it becomes young again.
 * All else in the hole is free. */
static void keep_hole(RtCursor *cursor)
{
    RtHole *hole = &cursor->hole;
    cursor->has_block = hole->bump != hole->end;
    if (!cursor->has_block)
        return;
    size_t block = (hole->bump - rt_heap.base) / RT_BLOCK_BYTES;
    uint8_t *marks = rt_mark_byte(hole->bump);
    bool has_begun_object = (*marks & RT_MARK_START) != 0;
    clear_dead_marks(block);
    memset(marks, 0, (hole->end - hole->bump) / RT_GRANULE_BYTES);
    if (has_begun_object)
        *marks = RT_MARK_YOUNG;
    rt_heap.block_states[block] = RT_BLOCK_TAKEN;
    cursor->block = (uint32_t)block;
    cursor->granule = (uint32_t)((hole->end - block_start(block)) / RT_GRANULE_BYTES);
}

void rt_holes_after_marking(void)
{
    RtHeap *heap = &rt_heap;
    memset(heap->block_states, RT_BLOCK_UNSWEPT, heap->n_blocks);
    heap->sweep_cursor = 0;
    for (int medium = 0; medium < RT_N_MEDIUM; medium++)
        heap->medium_cursors[medium] = heap->n_blocks;
    for (RtThread *thread = rt_world.threads; thread; thread = thread->next)
        for (int i = 0; thread->allocator && i < RT_N_CURSORS; i++)
            keep_hole(cursor_of(thread, i));
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
    for (int medium = 0; medium < RT_N_MEDIUM; medium++)
        heap->medium_cursors[medium] = n_blocks;
}

void rt_thread_give_up_holes(RtThread *thread)
{
    for (int i = 0; i < RT_N_CURSORS; i++) {
        RtCursor *cursor = cursor_of(thread, i);
        clear_dead_marks_ahead(cursor);
        cursor->has_block = false;
        drop_hole(thread, &cursor->hole);
    }
    rt_report_allocated(thread);
}
