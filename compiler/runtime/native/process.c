/* This process, its children's ends, and the properties of processes. Starting one is in process_start.c. */
#include "system_native.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static_assert(PRIO_PROCESS == 0 && PRIO_PGRP == 1 && PRIO_USER == 2, "PriorityWhich");

int32_t SystemNative_GetPid(void)
{
    return getpid();
}

int32_t SystemNative_GetSid(int32_t pid)
{
    return getsid(pid);
}

/* signal is the platform's number: 0 asks whether the process exists. */
int32_t SystemNative_Kill(int32_t pid, int32_t signal)
{
    return kill(pid, signal);
}

/* The id of a child that has ended and was not waited for, which stays waitable; 0 when there is none. */
int32_t SystemNative_WaitIdAnyExitedNoHangNoWait(void)
{
    siginfo_t information;
    memset(&information, 0, sizeof information);
    int32_t result;
    SN_RETRY(result, waitid(P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT));
    if (result == 0)
        return information.si_pid;
    return errno == ECHILD ? 0 : -1;
}

/* The child's id when it had ended and is now reaped, with its exit code; 0 while it runs. A child that a signal killed has
 * 128 + the signal's number. */
int32_t SystemNative_WaitPidExitedNoHang(int32_t pid, int32_t *exit_code)
{
    int32_t result;
    int status;
    SN_RETRY(result, waitpid(pid, &status, WNOHANG));
    if (result > 0)
        *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result;
}

/* -1 can be a priority: failure is told by errno alone, which is 0 on success. */
int32_t SystemNative_GetPriority(int32_t which, int32_t who)
{
    errno = 0;
    return getpriority((unsigned)which, (id_t)who);
}

int32_t SystemNative_SetPriority(int32_t which, int32_t who, int32_t nice_value)
{
    return setpriority((unsigned)which, (id_t)who, nice_value);
}

/* The mask has one bit per processor and room for the first 64 (32 on 32-bit machines) only, as Process.ProcessorAffinity. */
int32_t SystemNative_SchedSetAffinity(int32_t pid, intptr_t *mask)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (unsigned cpu = 0; cpu < 8 * sizeof *mask; cpu++)
        if ((uintptr_t)*mask >> cpu & 1)
            CPU_SET(cpu, &set);
    return sched_setaffinity(pid, sizeof set, &set);
}

int32_t SystemNative_SchedGetAffinity(int32_t pid, intptr_t *mask)
{
    cpu_set_t set;
    int32_t result = sched_getaffinity(pid, sizeof set, &set);
    uintptr_t bits = 0;
    for (unsigned cpu = 0; result == 0 && cpu < 8 * sizeof *mask; cpu++)
        if (CPU_ISSET(cpu, &set))
            bits |= (uintptr_t)1 << cpu;
    *mask = (intptr_t)bits;
    return result;
}
