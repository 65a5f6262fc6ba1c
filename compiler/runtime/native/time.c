/* Clocks. A tick is 100 ns. */
#include "system_native.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

enum { TICKS_PER_SECOND = 10000000, NS_PER_TICK = 100, NS_PER_SECOND = 1000000000, NS_PER_US = 1000 };

#define UNIX_EPOCH_TICKS INT64_C(621355968000000000) /* 1970-01-01 counted from 0001-01-01 */

static int64_t clock_ticks(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * TICKS_PER_SECOND + now.tv_nsec / NS_PER_TICK;
}

/* UTC, since 1970. */
int64_t SystemNative_GetSystemTimeAsTicks(void)
{
    return clock_ticks(CLOCK_REALTIME);
}

/* Nanoseconds of a clock that never goes back; Stopwatch.Frequency is 10^9 on Unix. */
uint64_t SystemNative_GetTimestamp(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* UTC when the machine started, as DateTime.Ticks. */
int64_t SystemNative_GetBootTimeTicks(void)
{
    return UNIX_EPOCH_TICKS + clock_ticks(CLOCK_REALTIME) - clock_ticks(CLOCK_BOOTTIME);
}

static uint64_t timeval_ns(struct timeval value)
{
    return (uint64_t)value.tv_sec * NS_PER_SECOND + (uint64_t)value.tv_usec * NS_PER_US;
}

/* The process's CPU use since the last call in percent of one processor; `previous` carries the last reading. */
double SystemNative_GetCpuUtilization(SnProcessCpuInformation *previous)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return 0;
    SnProcessCpuInformation now = {
        .last_time = SystemNative_GetTimestamp(),
        .last_kernel_time = timeval_ns(usage.ru_stime),
        .last_user_time = timeval_ns(usage.ru_utime),
    };
    double utilization = 0;
    if (now.last_time > previous->last_time && now.last_kernel_time >= previous->last_kernel_time &&
        now.last_user_time >= previous->last_user_time) {
        uint64_t busy = now.last_kernel_time - previous->last_kernel_time + now.last_user_time - previous->last_user_time;
        utilization = (double)busy * 100.0 / (double)(now.last_time - previous->last_time);
    }
    *previous = now;
    return utilization;
}
