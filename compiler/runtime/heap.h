/* Private to the memory manager (space.c, blocks.c, alloc.c, large.c, mark.c, gc.c, roots.c, finalize.c, thread.c, monitor.c).
 *
 * The address space of the collected heap is reserved once, as one range, and committed as it is used:
 *
 *   [ small space | large space | granule marks | block states | large pages ]
 *
 * Small space is cut into blocks of 64 KiB, blocks into granules of 16 bytes. Each granule has one mark byte:
 *
 *   RT_MARK_YOUNG                      first granule of an object allocated since the last collection
 *   RT_MARK_START | live               first granule of an object that the last collection found alive
 *   live                               its further granules
 *   0                                  anything else
 *
 * `live` alternates between two values, one per collection, so that nothing has to be cleared before marking. After
 * marking, each run of granules without `live` is a hole. Holes are found lazily, by the thread that takes the block;
 * what is not yet swept when the next collection begins is swept then, so no stale start survives two collections.
 *
 * An object's memory starts at a multiple of 16 (its header word), its object pointer is 8 past that.
 * "size" here always means bytes with header, rounded up to granules.
 *
 * Objects of more than RT_LARGE_BYTES live in large space, in runs of pages of 1 KiB of their own.
 */
#ifndef AOTD_RT_HEAP_H
#define AOTD_RT_HEAP_H
#include "rt.h"
#include "sync.h"
#include <assert.h>
#include <pthread.h>
#include <string.h>

#define RT_GRANULE_BYTES ((size_t)16)
#define RT_BLOCK_BYTES ((size_t)65536)
#define RT_BLOCK_GRANULES (RT_BLOCK_BYTES / RT_GRANULE_BYTES)
#define RT_PAGE_BYTES ((size_t)4096)         /* of the system */
#define RT_LARGE_PAGE_BYTES ((size_t)1024)   /* of large space */
#define RT_MEDIUM_BYTES ((size_t)256)        /* objects above this do not make a thread give up its small hole */
#define RT_MEDIUM_SPLIT_BYTES ((size_t)1024) /* between the two medium ranges */
#define RT_LARGE_BYTES ((size_t)4096)        /* objects above this live in large space */
#define RT_ZERO_AHEAD_BYTES ((size_t)8192) /* how far ahead of allocation a hole is cleared: stays in the first-level cache */
#define RT_MIN_HOLE_GRANULES ((size_t)2)
#define RT_HEADER_BYTES ((size_t)8)
#define RT_MAX_ARRAY_LENGTH INT64_C(0x7FFFFFC7)

enum { RT_MARK_LIVE_A = 0x02, RT_MARK_LIVE_B = 0x04, RT_MARK_START = 0x80, RT_MARK_YOUNG = 0x81 };
enum { RT_BLOCK_UNSWEPT, RT_BLOCK_TAKEN };

#define RT_HIDDEN __attribute__((visibility("hidden")))
#define RT_INITIAL_EXEC __attribute__((tls_model("initial-exec")))
#define RT_LIKELY(x) __builtin_expect(!!(x), 1)
#define RT_UNLIKELY(x) __builtin_expect(!!(x), 0)
#if defined(__SANITIZE_ADDRESS__)
#define RT_SCANS_FOREIGN_STACK __attribute__((no_sanitize("address")))
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RT_SCANS_FOREIGN_STACK __attribute__((no_sanitize("address")))
#endif
#endif
#ifndef RT_SCANS_FOREIGN_STACK
#define RT_SCANS_FOREIGN_STACK
#endif

/* The compiler must not move stores across; the processor may, since stopping a thread orders everything. */
#define RT_SIGNAL_FENCE() atomic_signal_fence(memory_order_seq_cst)

/* A run of free granules owned by one thread. [bump, zeroed) is cleared memory, [zeroed, end) is still to be cleared.
 * The mark bytes of [bump, end) are 0. All 0 when the thread owns none. */
typedef struct RtHole {
    uintptr_t bump;
    uintptr_t zeroed;
    uintptr_t end;
    bool is_fresh; /* memory never used: the kernel's zeros need no clearing */
} RtHole;

/* A hole, and where in its block the search for the next one goes on. */
typedef struct RtCursor {
    RtHole hole;
    uint32_t block, granule;
    bool has_block;
} RtCursor;

enum { RT_N_MEDIUM = 2, RT_N_CURSORS = 1 + RT_N_MEDIUM };

/* Thread-local part of allocation; generated code may inline rt_new against it. */
typedef struct RtAllocator {
    RtCursor small;
    uint8_t *marks_bias; /* mark byte of an address a is marks_bias[a >> 4] */
    RtThread *thread;    /* NULL until the thread is attached */
} RtAllocator;
extern _Thread_local RtAllocator rt_allocator RT_HIDDEN RT_INITIAL_EXEC;

enum { RT_THREAD_RUNNING, RT_THREAD_BLOCKED };

/* One per attached thread. Counted: one reference by the thread while it is attached, one by whoever created it. */
struct RtThread {
    RtThread *next, *previous;     /* list of attached threads, under rt_world.lock */
    RtAllocator *allocator;        /* the thread's own rt_allocator */
    RtCursor medium[RT_N_MEDIUM];  /* for objects up to RT_MEDIUM_SPLIT_BYTES and up to RT_LARGE_BYTES */
    uintptr_t stack_low, stack_high;
    uintptr_t stopped_sp;          /* valid while blocked or parked: all of the stack above it is scanned */
    uintptr_t saved_registers[20]; /* callee-saved registers at the time of blocking */
    RtFutex state;                 /* RT_THREAD_RUNNING, or blocked: touches no object until it has left that state */
    volatile uint32_t no_stop_depth;   /* >0: inside the memory manager; stopping waits for its end */
    volatile uint32_t stop_is_pending;
    char *statics;                 /* rt_thread_statics_bytes; a root */
    RtObject *managed;             /* the Thread object; a root */
    uint64_t allocated_bytes;      /* holes taken, less what was left of them when they were given up */
    uint64_t reported_bytes;       /* part of it that rt_heap.allocated_since knows */
    uint64_t hash_seed;
    int32_t id;
    _Atomic int32_t n_references;
    pthread_t native;
    void (*entry)(void *);
    void *argument;                /* a root until entry is called */
    RtFutex phase;                 /* RT_THREAD_UNSTARTED, _STARTED or _EXITED, see rt.h */
    void *exit_event;              /* a manual-reset event of wait.c, set when the thread has ended */
    bool is_background;            /* does not keep the process alive */
    bool is_pool_thread;
    bool is_counted;               /* part of rt_world.n_foreground */
    RtFutex wake;                  /* what the thread sleeps on in wait.c and in Monitor.Wait */
    _Atomic bool is_interrupted;
    bool is_alertable_wait;
    _Atomic(RtFutex *) entering;   /* the word on which the thread sleeps to enter a monitor, when interrupts end that */
    struct RtWaitObject *owned_mutexes; /* wait.c */
    char name[16];
};

/* One page of large space. `head` and `n_pages` stand in the first page of an object or of a free run; a free run has
 * them in its last page too. Inner pages of an object hold `head`; inner pages of a free run are undefined. */
typedef struct RtLargePage {
    uint32_t head;    /* index of the first page; 0 for never used (page 0 is never given out) */
    uint32_t n_pages; /* 0 in inner pages */
    uint32_t next, previous; /* free runs of the same bin */
    bool is_free;
    bool is_zero;     /* of a free run: its memory reads as zero */
    uint8_t mark;     /* of an object: RT_MARK_YOUNG or the live value of the collection that found it last */
} RtLargePage;

enum { RT_N_LARGE_BINS = 32 };

/* A growing array outside the collected heap; safe to grow while the world is stopped (no malloc). */
typedef struct RtVector {
    uintptr_t *items;
    size_t n, capacity;
} RtVector;

typedef struct RtHeap {
    uintptr_t base;
    size_t small_bytes, large_bytes;   /* reserved */
    uintptr_t large_base;
    uint8_t *marks_bias;
    uint8_t *block_states;
    RtLargePage *large_pages;
    uint8_t live;                      /* RT_MARK_LIVE_A or _B: what the last collection marked with */
    RtMutex lock;                      /* everything from here to `large_objects`; taken only with stopping held off */
    size_t n_blocks;                   /* blocks in use, from base on */
    size_t committed_blocks;
    size_t sweep_cursor;               /* blocks below have been taken or are full */
    size_t medium_cursors[RT_N_MEDIUM]; /* blocks at or above have been looked at for that range of sizes */
    size_t fresh_from;                 /* blocks at or above were never used: their memory is zero */
    size_t large_top_page, committed_large_pages;
    uint32_t large_bins[RT_N_LARGE_BINS];
    uint32_t large_bin_mask;
    RtVector large_objects;            /* first pages */
    RtMutex finalize_lock;
    RtVector finalizable;              /* objects with a finalizer that has not been queued */
    RtVector finalize_queue;           /* dead objects waiting for their finalizer; roots */
    size_t finalize_head;
    _Atomic int64_t allocated_since;   /* bytes handed to threads since the last collection, less what they gave back */
    int64_t threshold;                 /* of allocated_since: time to collect */
    size_t live_bytes;                 /* found by the last collection */
    uint64_t allocated_before;         /* bytes, up to the last collection */
    size_t hard_limit_bytes;           /* of the container; SIZE_MAX when there is none or it has not been read yet */
    bool hard_limit_is_read;
    uint32_t stress_interval;          /* RT_GC_STRESS: collect every so many allocations; 0 off */
    _Atomic uint32_t stress_count;
    bool verify;                       /* RT_VERIFY_HEAP */
    _Atomic uint32_t n_collections;
    int64_t pause_ns_total, pause_ns_max;
} RtHeap;
extern RtHeap rt_heap RT_HIDDEN;

typedef struct RtWorld {
    RtMutex lock;         /* list of threads; held for a whole collection */
    RtThread *threads;
    RtThread *main;       /* its end is the end of Main, so that it is not counted below */
    RtFutex is_stopping;
    RtFutex epoch;        /* changes when the world is let go */
    RtFutex n_parked;     /* signalled threads that have stopped */
    RtFutex n_foreground; /* threads that were started, have not ended and keep the process alive */
    _Atomic int32_t last_id;
    pthread_key_t exit_key;
} RtWorld;
extern RtWorld rt_world RT_HIDDEN;

/* ---- thread.c ---- */
RT_HIDDEN void rt_thread_init(void);
RT_HIDDEN RtThread *rt_thread_attach(void);
RT_HIDDEN void rt_world_stop(RtThread *self);   /* rt_world.lock is held */
RT_HIDDEN void rt_world_resume(void);
RT_HIDDEN void rt_thread_park_pending(RtThread *self);
RT_HIDDEN void rt_thread_publish_blocked(RtThread *self);
RT_HIDDEN void rt_thread_leave_blocked(RtThread *self); /* waits for the end of a collection */
RT_HIDDEN void rt_save_registers(uintptr_t registers[20]);

/* Until rt_thread_leave_blocked, called by the same function, the thread reads and writes no object. Inlined: what the
 * registers held for the caller's callers is then either saved here or on the stack above. */
static inline __attribute__((always_inline)) void rt_thread_enter_blocked(RtThread *self)
{
    rt_save_registers(self->saved_registers);
    rt_thread_publish_blocked(self);
}

/* While stopping is held off the thread may be at any point in the heap's structures. Must be short; must not wait for
 * rt_world.lock, throw or collect. */
static inline void rt_hold_off_stop(RtThread *self)
{
    self->no_stop_depth++;
    RT_SIGNAL_FENCE();
}

static inline void rt_allow_stop(RtThread *self)
{
    RT_SIGNAL_FENCE();
    assert(self->no_stop_depth > 0);
    self->no_stop_depth--;
    RT_SIGNAL_FENCE();
    if (RT_UNLIKELY(self->stop_is_pending) && self->no_stop_depth == 0)
        rt_thread_park_pending(self);
}

/* ---- space.c ---- */
RT_HIDDEN void rt_heap_reserve(void);
RT_HIDDEN bool rt_vector_push(RtVector *vector, uintptr_t item); /* false: no memory */
RT_HIDDEN void *rt_map_pages(size_t n_bytes);                    /* NULL: no memory */
RT_HIDDEN bool rt_grow_by_a_block(void);                         /* rt_heap.lock held; false: no memory */
RT_HIDDEN bool rt_large_commit(size_t n_pages);                  /* rt_heap.lock held; false: no memory */

/* ---- blocks.c ---- */
RT_HIDDEN RtHole *rt_hole_for(RtThread *self, size_t size); /* its bump is `size` bytes of cleared memory; NULL: none */
RT_HIDDEN void rt_report_allocated(RtThread *self);  /* what the thread took since the last call, to allocated_since */
RT_HIDDEN void rt_sweep_rest(void);                  /* world stopped, before marking */
RT_HIDDEN void rt_holes_after_marking(void);         /* world stopped, after marking: threads keep their holes */
RT_HIDDEN void rt_trim_blocks(size_t target_blocks);
RT_HIDDEN void rt_thread_give_up_holes(RtThread *thread);

/* ---- large.c: rt_heap.lock held, or the world stopped ---- */
RT_HIDDEN RtObject *rt_large_alloc(size_t n_bytes);  /* zeroed memory; the header and MethodTable are the caller's. NULL: no memory */
RT_HIDDEN void rt_large_sweep(void);

/* ---- mark.c: world stopped ---- */
RT_HIDDEN void rt_mark_begin(void);
RT_HIDDEN void rt_mark_reference(RtObject *object);  /* exact: NULL, frozen or a heap object */
RT_HIDDEN void rt_mark_conservative(const uintptr_t *low, const uintptr_t *high);
RT_HIDDEN void rt_mark_drain(void);
RT_HIDDEN void rt_mark_end(void);
RT_HIDDEN bool rt_is_marked(const RtObject *object); /* true for frozen objects and NULL */
RT_HIDDEN void rt_verify_swept(void);
RT_HIDDEN void rt_verify_heap(void);

/* ---- roots.c: world stopped ---- */
RT_HIDDEN void rt_mark_roots(RtThread *self, uintptr_t self_sp);
RT_HIDDEN bool rt_mark_dependents(void);             /* true when something new was marked */
RT_HIDDEN void rt_clear_weak_handles(int kind);
RT_HIDDEN void rt_clear_dependent_handles(void);

/* ---- finalize.c ---- */
RT_HIDDEN bool rt_finalizer_register(RtThread *self, RtObject *object); /* false: no memory */
RT_HIDDEN void rt_finalizer_scan(void);              /* world stopped: queues the dead, marks what they reach */
RT_HIDDEN void rt_finalizer_mark_queue(void);
RT_HIDDEN void rt_finalizer_wake(void);              /* world running */

/* ---- wait.c ---- */
RT_HIDDEN void rt_wait_abandon_mutexes(RtThread *self);
RT_HIDDEN int32_t rt_wait_for_wake(RtThread *self, int64_t deadline_ns);

/* ---- gc.c ---- */
RT_HIDDEN void rt_gc_collect_since(uint32_t n_seen); /* collects unless another thread has done so since n_seen */

/* ---- monitor.c: world stopped ---- */
RT_HIDDEN void rt_monitor_sweep(void);

static inline size_t rt_round_up(size_t n, size_t unit)
{
    return (n + unit - 1) & ~(unit - 1);
}

static inline uint8_t *rt_mark_byte(uintptr_t address)
{
    return rt_heap.marks_bias + (address >> 4);
}

static inline bool rt_in_small_space(uintptr_t address)
{
    return address - rt_heap.base < rt_heap.small_bytes;
}

static inline bool rt_in_large_space(uintptr_t address)
{
    return address - rt_heap.large_base < rt_heap.large_bytes;
}

static inline uint32_t rt_large_page_index(uintptr_t address)
{
    return (uint32_t)((address - rt_heap.large_base) / RT_LARGE_PAGE_BYTES);
}

/* The word before the MethodTable word: sync word and flags, monitor.c. */
static inline _Atomic uint32_t *rt_sync_word(const RtObject *object)
{
    return (_Atomic uint32_t *)((uintptr_t)object - 4);
}

/* Bits of the sync word are CoreCLR's. */
#define RT_SYNC_FINALIZER_RUN UINT32_C(0x40000000)

static inline uint32_t rt_array_length(const RtObject *object)
{
    return *(const uint32_t *)((uintptr_t)object + 8);
}

static inline size_t rt_object_size(const RtObject *object)
{
    const RtType *type = object->type;
    size_t n_bytes = type->base_size;
    if (type->flags & RT_FLAG_HAS_COMPONENT_SIZE)
        n_bytes += (size_t)(type->flags & 0xFFFF) * rt_array_length(object);
    return rt_round_up(n_bytes, RT_GRANULE_BYTES);
}

#endif
