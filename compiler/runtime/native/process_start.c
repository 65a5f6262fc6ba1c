/* Process.Start: from "program, arguments, environment" to a running child, with its standard streams as pipes where wanted.
 *
 * The parent returns after the child has reached execve (or failed to): a close-on-exec pipe tells. The child shares the
 * parent's memory until then (vfork), so between there and execve it calls nothing that changes the parent's state.
 */
#include "system_native.h"

#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIPE_READ = 0, PIPE_WRITE = 1, N_STREAMS = 3 };

typedef struct StartRequest {
    const char *filename;
    char *const *argv;
    char *const *envp;
    const char *cwd;
    bool set_credentials;
    uint32_t uid;
    uint32_t gid;
    uint32_t *groups;
    int32_t n_groups;
    uint32_t *scratch_groups;      /* n_groups entries for the child; NULL without credentials */
    int stream_pipes[N_STREAMS][2]; /* -1 where the child shares the parent's stream */
    int exec_pipe[2];
    sigset_t caller_mask;
} StartRequest;

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

static int open_pipe(int ends[2])
{
    int result;
    SN_RETRY(result, pipe2(ends, O_CLOEXEC));
    return result;
}

static bool contains(const uint32_t *groups, int n_groups, uint32_t group)
{
    for (int i = 0; i < n_groups; i++)
        if (groups[i] == group)
            return true;
    return false;
}

/* A user who starts a program as himself may not call setgroups; then it is enough that no group is gained. */
static bool set_groups(StartRequest *request)
{
    if (setgroups((size_t)request->n_groups, request->groups) == 0)
        return true;
    if (errno != EPERM)
        return false;
    int n_current = getgroups(request->n_groups, request->scratch_groups);
    if (n_current < 0 || (request->n_groups == 0 && n_current != 0))
        return false;
    for (int i = 0; i < n_current; i++)
        if (!contains(request->groups, request->n_groups, request->scratch_groups[i]))
            return false;
    return true;
}

/* Ignored signals stay ignored over execve, caught ones must not be caught before it: their handlers are the parent's. */
static void reset_signals(const StartRequest *request)
{
    for (int signal = 1; signal < NSIG; signal++) {
        struct sigaction action;
        if (signal == SIGKILL || signal == SIGSTOP || sigaction(signal, NULL, &action) != 0)
            continue;
        if ((action.sa_flags & SA_SIGINFO) || (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN)) {
            memset(&action, 0, sizeof action);
            action.sa_handler = SIG_DFL;
            sigaction(signal, &action, NULL);
        }
    }
    pthread_sigmask(SIG_SETMASK, &request->caller_mask, NULL);
}

static bool connect_streams(const StartRequest *request)
{
    for (int stream = 0; stream < N_STREAMS; stream++) {
        int end = request->stream_pipes[stream][stream == STDIN_FILENO ? PIPE_READ : PIPE_WRITE];
        int result = 0;
        if (end >= 0)
            SN_RETRY(result, dup2(end, stream));
        if (result < 0)
            return false;
    }
    return true;
}

static bool enter_directory(const char *cwd)
{
    if (cwd == NULL)
        return true;
    int result;
    SN_RETRY(result, chdir(cwd));
    return result == 0;
}

/* The child. Comes back from nowhere: it executes the program or reports errno through the pipe and exits. */
static _Noreturn void run_child(StartRequest *request)
{
    reset_signals(request);
    bool ready = connect_streams(request);
    if (ready && request->set_credentials)
        ready = set_groups(request) && setgid(request->gid) == 0 && setuid(request->uid) == 0;
    if (ready && enter_directory(request->cwd))
        execve(request->filename, request->argv, request->envp);
    int error = errno;
    ssize_t count;
    SN_RETRY(count, write(request->exec_pipe[PIPE_WRITE], &error, sizeof error));
    (void)count;
    _exit(error != 0 ? error : EXIT_FAILURE);
}

/* The child's id, or -1. All signals are blocked around it, so that no handler of ours runs in the child. Changing credentials
 * makes the C library synchronise threads, which needs memory of one's own: fork then. */
static pid_t start_child(StartRequest *request)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &request->caller_mask);
    pid_t pid = request->set_credentials ? fork() : vfork();
    if (pid == 0)
        run_child(request);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &request->caller_mask, NULL);
    errno = error;
    return pid;
}

/* 0 when the child runs the program, else why it does not. Waits until one of the two is certain. */
static int exec_error(StartRequest *request)
{
    close(request->exec_pipe[PIPE_WRITE]);
    request->exec_pipe[PIPE_WRITE] = -1;
    int error = 0;
    ssize_t count;
    SN_RETRY(count, read(request->exec_pipe[PIPE_READ], &error, sizeof error));
    return count == (ssize_t)sizeof error ? error : 0;
}

static int open_pipes(StartRequest *request, const bool redirect[N_STREAMS])
{
    for (int stream = 0; stream < N_STREAMS; stream++)
        if (redirect[stream] && open_pipe(request->stream_pipes[stream]) != 0)
            return -1;
    return open_pipe(request->exec_pipe);
}

/* Starts and waits for execve. The child's id, or -1 with errno and no child left behind. */
static pid_t start_and_confirm(StartRequest *request)
{
    pid_t pid = start_child(request);
    if (pid < 0)
        return -1;
    int error = exec_error(request);
    if (error == 0)
        return pid;
    pid_t reaped;
    SN_RETRY(reaped, waitpid(pid, NULL, 0));
    errno = error;
    return -1;
}

/* Hands the parent's ends over (all are closed when there is no child) and closes the child's. */
static void settle_pipes(StartRequest *request, bool started, int32_t *const parent_fds[N_STREAMS])
{
    int error = errno;
    for (int stream = 0; stream < N_STREAMS; stream++) {
        int parent_end = stream == STDIN_FILENO ? PIPE_WRITE : PIPE_READ;
        close_if_open(request->stream_pipes[stream][1 - parent_end]);
        if (!started)
            close_if_open(request->stream_pipes[stream][parent_end]);
        *parent_fds[stream] = started ? request->stream_pipes[stream][parent_end] : -1;
    }
    close_if_open(request->exec_pipe[PIPE_READ]);
    close_if_open(request->exec_pipe[PIPE_WRITE]);
    errno = error;
}

int32_t SystemNative_ForkAndExecProcess(const char *filename, char *const argv[], char *const envp[], const char *cwd,
                                        int32_t redirect_stdin, int32_t redirect_stdout, int32_t redirect_stderr,
                                        int32_t set_credentials, uint32_t uid, uint32_t gid, uint32_t *groups, int32_t n_groups,
                                        int32_t *child_pid, int32_t *stdin_fd, int32_t *stdout_fd, int32_t *stderr_fd)
{
    StartRequest request = {
        .filename = filename, .argv = argv, .envp = envp, .cwd = cwd, .set_credentials = set_credentials != 0,
        .uid = uid, .gid = gid, .groups = groups, .n_groups = n_groups,
        .stream_pipes = {{-1, -1}, {-1, -1}, {-1, -1}}, .exec_pipe = {-1, -1},
    };
    const bool redirect[N_STREAMS] = {redirect_stdin != 0, redirect_stdout != 0, redirect_stderr != 0};
    int32_t *const parent_fds[N_STREAMS] = {stdin_fd, stdout_fd, stderr_fd};
    int cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    pid_t pid = -1;
    bool ready = access(filename, X_OK) == 0;
    if (ready && request.set_credentials) {
        request.scratch_groups = calloc((size_t)n_groups + 1, sizeof *groups);
        ready = request.scratch_groups != NULL;
    }
    if (ready && open_pipes(&request, redirect) == 0)
        pid = start_and_confirm(&request);
    settle_pipes(&request, pid > 0, parent_fds);
    *child_pid = pid;
    int error = errno;
    free(request.scratch_groups);
    pthread_setcancelstate(cancel_state, NULL);
    errno = error;
    return pid > 0 ? 0 : -1;
}
