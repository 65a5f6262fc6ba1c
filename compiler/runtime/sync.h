/* Waiting and waking below everything else in the runtime: futexes, a small mutex, clocks.
 *
 * Nothing here allocates, throws or collects. Everything here may be called while the world is stopped and, apart from
 * rt_mutex_*, from a signal handler. Times are nanoseconds of CLOCK_MONOTONIC; a deadline of RT_NO_DEADLINE never comes.
 */
#ifndef AOTD_RT_SYNC_H
#define AOTD_RT_SYNC_H
#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

typedef _Atomic uint32_t RtFutex;

#define RT_NO_DEADLINE INT64_MAX
#define RT_NS_PER_MS INT64_C(1000000)
#define RT_NS_PER_S INT64_C(1000000000)

static inline int64_t rt_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * RT_NS_PER_S + now.tv_nsec;
}

/* -1 (Timeout.Infinite) becomes RT_NO_DEADLINE. */
static inline int64_t rt_deadline_after_ms(int64_t timeout_ms)
{
    return timeout_ms < 0 ? RT_NO_DEADLINE : rt_now_ns() + timeout_ms * RT_NS_PER_MS;
}

/* Sleeps while *word == expected. Returns false when the deadline has passed, else true: woken, interrupted by a
 * signal, or *word already differed; the caller looks at its condition again. */
static inline bool rt_futex_wait(RtFutex *word, uint32_t expected, int64_t deadline_ns)
{
    struct timespec deadline, *limit = NULL;
    if (deadline_ns != RT_NO_DEADLINE) {
        deadline.tv_sec = (time_t)(deadline_ns / RT_NS_PER_S);
        deadline.tv_nsec = (long)(deadline_ns % RT_NS_PER_S);
        limit = &deadline;
    }
    long result = syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected, limit, NULL,
                          FUTEX_BITSET_MATCH_ANY);
    return !(result == -1 && errno == ETIMEDOUT);
}

static inline void rt_futex_wake(RtFutex *word, int n_threads)
{
    syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, n_threads, NULL, NULL, 0);
}

static inline void rt_cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* 0 free, 1 held, 2 held and somebody may be sleeping. Not recursive, not fair. */
typedef struct RtMutex {
    RtFutex state;
} RtMutex;

static inline bool rt_mutex_try_lock(RtMutex *mutex)
{
    uint32_t free = 0;
    return atomic_compare_exchange_strong_explicit(&mutex->state, &free, 1, memory_order_acquire, memory_order_relaxed);
}

static inline void rt_mutex_lock(RtMutex *mutex)
{
    if (rt_mutex_try_lock(mutex))
        return;
    while (atomic_exchange_explicit(&mutex->state, 2, memory_order_acquire) != 0)
        rt_futex_wait(&mutex->state, 2, RT_NO_DEADLINE);
}

static inline void rt_mutex_unlock(RtMutex *mutex)
{
    if (atomic_exchange_explicit(&mutex->state, 0, memory_order_release) == 2)
        rt_futex_wake(&mutex->state, 1);
}

#endif
