/* Signals as calls: the handler only writes the signal's number into a pipe, a thread of ours reads it and does the rest.
 *
 * Three parties want signals. Console: the terminal's settings after SIGCONT, SIGCHLD and SIGWINCH, and their restoration
 * before SIGINT and SIGQUIT end the program. Process: SIGCHLD. PosixSignalRegistration: any signal the program asks for.
 * When nobody cancels a signal it has the effect that it would have had without us.
 */
#include "system_native.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIGNAL_LIMIT = 65 }; /* Linux has the signals 1..64 */
static_assert(NSIG == SIGNAL_LIMIT, "one slot per signal");

typedef struct SignalSlot {
    struct sigaction original; /* the disposition before ours; valid when installed */
    bool installed;
    bool registered; /* PosixSignalRegistration wants to be asked */
} SignalSlot;

/* Slots and callbacks change under `lock`; the handler and the thread read single words without it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static SignalSlot slots[SIGNAL_LIMIT];
static int wake_pipe[2] = {-1, -1};

static int32_t (*volatile posix_signal_callback)(int32_t signal, int32_t posix_signal);
static void (*volatile invalidation_callback)(void);
static int32_t (*volatile sigchld_callback)(int32_t reap_all, int32_t configure_console);
static void (*volatile delayed_console_callback)(void);
static volatile bool console_configuration_delayed;

static struct sigaction ttou_before_divert;
static void (*volatile ttou_callback)(void);

static const struct {
    int32_t posix_signal;
    int platform;
} signal_names[] = {
    {SN_SIGHUP, SIGHUP},   {SN_SIGINT, SIGINT},     {SN_SIGQUIT, SIGQUIT}, {SN_SIGTERM, SIGTERM}, {SN_SIGCHLD, SIGCHLD},
    {SN_SIGCONT, SIGCONT}, {SN_SIGWINCH, SIGWINCH}, {SN_SIGTTIN, SIGTTIN}, {SN_SIGTTOU, SIGTTOU}, {SN_SIGTSTP, SIGTSTP},
};

/* The PosixSignal of a signal number, 0 when it has none. */
int32_t sn_posix_signal(int signal)
{
    for (size_t i = 0; i < sizeof signal_names / sizeof signal_names[0]; i++)
        if (signal_names[i].platform == signal)
            return signal_names[i].posix_signal;
    return 0;
}

/* The signal number of a PosixSignal; raw numbers stand for themselves; 0 for anything else. */
int32_t SystemNative_GetPlatformSignalNumber(int32_t posix_signal)
{
    for (size_t i = 0; i < sizeof signal_names / sizeof signal_names[0]; i++)
        if (signal_names[i].posix_signal == posix_signal)
            return signal_names[i].platform;
    return posix_signal > 0 && posix_signal <= SIGRTMAX ? posix_signal : 0;
}

static bool is_cancelable_termination(int signal)
{
    return signal == SIGINT || signal == SIGQUIT || signal == SIGTERM;
}

static bool has_disposition(const struct sigaction *action, void (*disposition)(int))
{
    return (action->sa_flags & SA_SIGINFO) == 0 && action->sa_handler == disposition;
}

static void call_original(const struct sigaction *original, int signal, siginfo_t *information, void *context)
{
    if (original->sa_flags & SA_SIGINFO)
        original->sa_sigaction(signal, information, context);
    else if (original->sa_handler != SIG_DFL && original->sa_handler != SIG_IGN)
        original->sa_handler(signal);
}

/* Async-signal-safe. Handlers that were there before run at once, but those of the termination signals only after nobody
 * has canceled the signal. */
static void on_signal(int signal, siginfo_t *information, void *context)
{
    int error = errno;
    if (!is_cancelable_termination(signal))
        call_original(&slots[signal].original, signal, information, context);
    uint8_t number = (uint8_t)signal;
    ssize_t count;
    SN_RETRY(count, write(wake_pipe[1], &number, 1));
    (void)count;
    errno = error;
}

/* Called with `lock` held. An ignored signal stays ignored: a handler would be reset to the default in child processes, which
 * would then die of what their parent ignores. SIGCHLD is the exception, since waiting for children depends on it. */
static bool install(int signal)
{
    SignalSlot *slot = &slots[signal];
    if (slot->installed)
        return true;
    if (sigaction(signal, NULL, &slot->original) != 0)
        return false;
    if (signal != SIGCHLD && has_disposition(&slot->original, SIG_IGN)) {
        slot->installed = true;
        return true;
    }
    struct sigaction action;
    memset(&action, 0, sizeof action);
    if (!has_disposition(&slot->original, SIG_DFL) && !has_disposition(&slot->original, SIG_IGN)) {
        action = slot->original;
        action.sa_flags &= ~SA_RESETHAND;
    }
    action.sa_flags |= SA_RESTART | SA_SIGINFO;
    action.sa_sigaction = on_signal;
    if (sigaction(signal, &action, NULL) != 0)
        return false;
    slot->installed = true;
    return true;
}

/* Called with `lock` held. */
static void restore(int signal)
{
    if (slots[signal].installed)
        sigaction(signal, &slots[signal].original, NULL);
    slots[signal].installed = false;
}

static bool install_locked(int signal)
{
    pthread_mutex_lock(&lock);
    bool done = install(signal);
    pthread_mutex_unlock(&lock);
    return done;
}

/* What a signal does when no registration has canceled it. Runs on the signal thread or on one of the program's. */
void SystemNative_HandleNonCanceledPosixSignal(int32_t signal)
{
    switch (signal) {
    case SIGCONT:
        sn_terminal_resume();
        return;
    case SIGCHLD:
        if (console_configuration_delayed) {
            console_configuration_delayed = false;
            delayed_console_callback();
        }
        return;
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
    case SIGURG:
    case SIGWINCH:
        return;
    }
    pthread_mutex_lock(&lock);
    struct sigaction original = slots[signal].original;
    bool already_handled = !is_cancelable_termination(signal) && !has_disposition(&original, SIG_DFL);
    bool ends = !already_handled && !has_disposition(&original, SIG_IGN);
    if (ends)
        restore(signal);
    pthread_mutex_unlock(&lock);
    if (ends) {
        SystemNative_UninitializeTerminal();
        kill(getpid(), signal);
    }
}

static void reap_all_children(void)
{
    pid_t pid;
    do {
        SN_RETRY(pid, waitpid(-1, NULL, WNOHANG));
    } while (pid > 0);
}

/* Children are reaped by Process, which knows its own. All of them are ours to reap when SIGCHLD was ignored before (they used
 * to vanish by themselves) and when we are process 1 (orphans). */
static void on_children_changed(bool is_registered)
{
    bool reap_all = getpid() == 1 || has_disposition(&slots[SIGCHLD].original, SIG_IGN);
    pthread_mutex_lock(&lock);
    int32_t (*callback)(int32_t, int32_t) = sigchld_callback;
    if (callback == NULL && reap_all)
        reap_all_children();
    pthread_mutex_unlock(&lock);
    if (callback != NULL && callback(reap_all, !is_registered))
        console_configuration_delayed = true;
}

static void *signal_thread(void *argument)
{
    (void)argument;
    pthread_setname_np(pthread_self(), ".NET SigHandler");
    for (;;) {
        uint8_t signal;
        ssize_t count;
        SN_RETRY(count, read(wake_pipe[0], &signal, 1));
        if (count <= 0)
            return NULL;
        void (*invalidated)(void) = invalidation_callback;
        if (invalidated != NULL && (signal == SIGCHLD || signal == SIGCONT || signal == SIGWINCH))
            invalidated();
        bool is_registered = slots[signal].registered;
        if (signal == SIGCHLD)
            on_children_changed(is_registered);
        bool canceled = is_registered && posix_signal_callback(signal, sn_posix_signal(signal)) != 0;
        if (!canceled)
            SystemNative_HandleNonCanceledPosixSignal(signal);
    }
}

/* Starts the signal thread and takes the signals that the terminal needs. false with errno on failure; called once that
 * succeeds. */
bool sn_signal_start(void)
{
    int result;
    SN_RETRY(result, pipe2(wake_pipe, O_CLOEXEC));
    if (result != 0)
        return false;
    pthread_t thread;
    int error = pthread_create(&thread, NULL, signal_thread, NULL);
    if (error != 0) {
        close(wake_pipe[0]);
        close(wake_pipe[1]);
        errno = error;
        return false;
    }
    pthread_detach(thread);
    return install_locked(SIGINT) && install_locked(SIGQUIT) && install_locked(SIGCONT);
}

/* The callback gets the signal's number and its PosixSignal (0 when it has none); not 0 cancels the signal. */
void SystemNative_SetPosixSignalHandler(int32_t (*on_posix_signal)(int32_t signal, int32_t posix_signal))
{
    posix_signal_callback = on_posix_signal;
}

int32_t SystemNative_EnablePosixSignalHandling(int32_t signal)
{
    pthread_mutex_lock(&lock);
    bool done = install(signal);
    slots[signal].registered = done;
    pthread_mutex_unlock(&lock);
    return done;
}

void SystemNative_DisablePosixSignalHandling(int32_t signal)
{
    pthread_mutex_lock(&lock);
    slots[signal].registered = false;
    bool terminal_needs = signal == SIGINT || signal == SIGQUIT || signal == SIGCONT ||
                          (invalidation_callback != NULL && (signal == SIGCHLD || signal == SIGWINCH));
    bool process_needs = sigchld_callback != NULL && signal == SIGCHLD;
    if (!terminal_needs && !process_needs)
        restore(signal);
    pthread_mutex_unlock(&lock);
}

/* The callback drops what Console has cached about the terminal. */
void SystemNative_SetTerminalInvalidationHandler(void (*on_invalidated)(void))
{
    pthread_mutex_lock(&lock);
    invalidation_callback = on_invalidated;
    install(SIGCONT);
    install(SIGCHLD);
    install(SIGWINCH);
    pthread_mutex_unlock(&lock);
}

/* The callback reaps children; not 0 means that Console is to be set up again once the signal has not been canceled. */
void SystemNative_RegisterForSigChld(int32_t (*on_sigchld)(int32_t reap_all, int32_t configure_console))
{
    pthread_mutex_lock(&lock);
    sigchld_callback = on_sigchld;
    install(SIGCHLD);
    pthread_mutex_unlock(&lock);
}

void SystemNative_SetDelayedSigChildConsoleConfigurationHandler(void (*on_sigchld)(void))
{
    delayed_console_callback = on_sigchld;
}

static void on_diverted_ttou(int signal)
{
    (void)signal;
    ttou_callback();
}

/* Until sn_signal_restore_ttou, SIGTTOU interrupts the call that raised it (EINTR) instead of stopping the program. The handler
 * is good for one signal: writes of ours that raise another must not loop. An ignored SIGTTOU lets the call succeed and stays. */
void sn_signal_divert_ttou(void (*on_ttou)(void))
{
    pthread_mutex_lock(&lock);
    ttou_callback = on_ttou;
    sigaction(SIGTTOU, NULL, &ttou_before_divert);
    if (has_disposition(&ttou_before_divert, SIG_IGN))
        return;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_diverted_ttou;
    action.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGTTOU, &action, NULL);
}

void sn_signal_restore_ttou(void)
{
    sigaction(SIGTTOU, &ttou_before_divert, NULL);
    pthread_mutex_unlock(&lock);
}
