/* What the class library's own synchronisation is built on: a mutex with one condition; and thread and processor numbers. */
#include "system_native.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct SnLowLevelMonitor {
    pthread_mutex_t mutex;
    pthread_cond_t condition; /* waits by the monotonic clock */
};

/* NULL when there is no memory. Not recursive. */
SnLowLevelMonitor *SystemNative_LowLevelMonitor_Create(void)
{
    SnLowLevelMonitor *monitor = malloc(sizeof *monitor);
    if (monitor == NULL)
        return NULL;
    pthread_condattr_t attributes;
    bool have_mutex = pthread_mutex_init(&monitor->mutex, NULL) == 0;
    bool have_attributes = have_mutex && pthread_condattr_init(&attributes) == 0;
    bool have_condition = have_attributes && pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                          pthread_cond_init(&monitor->condition, &attributes) == 0;
    if (have_attributes)
        pthread_condattr_destroy(&attributes);
    if (have_condition)
        return monitor;
    if (have_mutex)
        pthread_mutex_destroy(&monitor->mutex);
    free(monitor);
    return NULL;
}

void SystemNative_LowLevelMonitor_Destroy(SnLowLevelMonitor *monitor)
{
    pthread_cond_destroy(&monitor->condition);
    pthread_mutex_destroy(&monitor->mutex);
    free(monitor);
}

void SystemNative_LowLevelMonitor_Acquire(SnLowLevelMonitor *monitor)
{
    int error = pthread_mutex_lock(&monitor->mutex);
    assert(error == 0);
    (void)error;
}

void SystemNative_LowLevelMonitor_Release(SnLowLevelMonitor *monitor)
{
    int error = pthread_mutex_unlock(&monitor->mutex);
    assert(error == 0);
    (void)error;
}

/* May return without a signal; callers wait in a loop. */
void SystemNative_LowLevelMonitor_Wait(SnLowLevelMonitor *monitor)
{
    int error = pthread_cond_wait(&monitor->condition, &monitor->mutex);
    assert(error == 0);
    (void)error;
}

/* 0 when the time ran out, else 1. */
int32_t SystemNative_LowLevelMonitor_TimedWait(SnLowLevelMonitor *monitor, int32_t timeout_ms)
{
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    int64_t ns = deadline.tv_nsec + (int64_t)(timeout_ms % 1000) * 1000000;
    deadline.tv_sec += timeout_ms / 1000 + ns / 1000000000;
    deadline.tv_nsec = ns % 1000000000;
    int error = pthread_cond_timedwait(&monitor->condition, &monitor->mutex, &deadline);
    assert(error == 0 || error == ETIMEDOUT);
    return error == 0;
}

void SystemNative_LowLevelMonitor_Signal_Release(SnLowLevelMonitor *monitor)
{
    pthread_cond_signal(&monitor->condition);
    SystemNative_LowLevelMonitor_Release(monitor);
}

int32_t SystemNative_SchedGetCpu(void)
{
    return sched_getcpu();
}

uint32_t SystemNative_TryGetUInt32OSThreadId(void)
{
    return (uint32_t)syscall(SYS_gettid);
}

uint64_t SystemNative_GetUInt64OSThreadId(void)
{
    return (uint64_t)syscall(SYS_gettid);
}
