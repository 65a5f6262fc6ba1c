/* The terminal, shared between System.Console and child processes.
 *
 * The settings found at start are the user's; Console reading wants other ones (no echo, no line editing), children want the
 * user's. Settings are changed only when one of the two needs it, and the user's are put back when the program ends, whether
 * by exit or by a signal. A program in the background must not be stopped for trying (SIGTTOU), so that signal is diverted
 * while settings are changed on behalf of a child or of the end.
 */
#include "system_native.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

typedef enum ConsoleUser { USER_PROGRAM, USER_CHILD } ConsoleUser;
typedef enum BackgroundRule { STOP_IN_BACKGROUND, SKIP_IN_BACKGROUND } BackgroundRule;

/* All fields are guarded by `lock`. */
static struct {
    bool initialized;
    bool is_tty;           /* stdin is a terminal, `initial` is valid */
    bool current_known;    /* `current` is what the terminal has */
    bool changed;          /* the program has changed settings at least once */
    bool closed;           /* the program ends: settings stay as they are */
    bool reading;          /* a Console read is under way */
    bool child_uses;       /* a child process is using the terminal */
    bool signal_for_break; /* Ctrl+C raises SIGINT (else it is input) */
    struct termios initial;
    struct termios current;
    char *keypad_xmit; /* terminfo's sequence that enters application mode, or NULL */
    int keypad_fd;
} terminal = {.signal_for_break = true};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile bool ttou_seen;

static void note_ttou(void)
{
    ttou_seen = true;
}

static void write_keypad_xmit(void)
{
    if (terminal.keypad_xmit == NULL)
        return;
    ssize_t count;
    SN_RETRY(count, write(terminal.keypad_fd, terminal.keypad_xmit, strlen(terminal.keypad_xmit)));
    (void)count; /* a terminal that stays in its old mode is no reason to stop the program */
}

static bool set_attributes(const struct termios *attributes, BackgroundRule rule)
{
    if (terminal.closed)
        return true;
    if (rule == SKIP_IN_BACKGROUND) {
        ttou_seen = false;
        sn_signal_divert_ttou(note_ttou);
    }
    struct termios wanted = *attributes;
    bool done = tcsetattr(STDIN_FILENO, TCSANOW, &wanted) == 0;
    int error = errno;
    if (rule == SKIP_IN_BACKGROUND) {
        if (!done && error == EINTR && ttou_seen)
            done = true;
        sn_signal_restore_ttou();
    }
    if (done) {
        terminal.changed = true;
        terminal.current_known = true;
        terminal.current = wanted;
    }
    errno = error;
    return done;
}

static bool same_settings(const struct termios *a, const struct termios *b)
{
    return a->c_lflag == b->c_lflag && a->c_iflag == b->c_iflag && a->c_cc[VMIN] == b->c_cc[VMIN] &&
           a->c_cc[VTIME] == b->c_cc[VTIME];
}

/* timeout_ds: tenths of a second that a read waits for its next byte. */
static bool configure(bool signal_for_break, ConsoleUser user, uint8_t min_chars, uint8_t timeout_ds, BackgroundRule rule)
{
    if (!terminal.is_tty) {
        errno = ENOTTY;
        return false;
    }
    terminal.child_uses = user == USER_CHILD;
    struct termios wanted = terminal.initial;
    wanted.c_lflag = signal_for_break ? wanted.c_lflag | ISIG : wanted.c_lflag & ~(tcflag_t)ISIG;
    if (user == USER_PROGRAM) {
        wanted.c_iflag &= ~(tcflag_t)(IXON | IXOFF | ICRNL | INLCR | IGNCR);
        wanted.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN);
    }
    wanted.c_cc[VMIN] = min_chars;
    wanted.c_cc[VTIME] = timeout_ds;
    if (terminal.current_known && same_settings(&terminal.current, &wanted))
        return true;
    return set_attributes(&wanted, rule);
}

/* Puts the user's settings back; runs at exit and before a signal ends the program. */
void SystemNative_UninitializeTerminal(void)
{
    pthread_mutex_lock(&lock);
    if (!terminal.closed) {
        if (terminal.changed)
            set_attributes(&terminal.initial, SKIP_IN_BACKGROUND);
        terminal.closed = true;
    }
    pthread_mutex_unlock(&lock);
}

/* After a stop (SIGCONT) the shell may have changed the settings: back to ours. */
void sn_terminal_resume(void)
{
    pthread_mutex_lock(&lock);
    if (!terminal.child_uses) {
        if (terminal.current_known) {
            struct termios current = terminal.current;
            set_attributes(&current, SKIP_IN_BACKGROUND);
        }
        write_keypad_xmit();
    }
    pthread_mutex_unlock(&lock);
}

static void read_initial_settings(void)
{
    terminal.is_tty = tcgetattr(STDIN_FILENO, &terminal.initial) == 0;
    if (!terminal.is_tty)
        return;
    terminal.current_known = true;
    terminal.current = terminal.initial;
    terminal.signal_for_break = (terminal.initial.c_lflag & ISIG) != 0;
    atexit(SystemNative_UninitializeTerminal);
}

/* 1 when ready, also when called again; 0 with errno. */
int32_t SystemNative_InitializeTerminalAndSignalHandling(void)
{
    pthread_mutex_lock(&lock);
    if (!terminal.initialized) {
        read_initial_settings();
        terminal.initialized = sn_signal_start();
    }
    int32_t result = terminal.initialized;
    pthread_mutex_unlock(&lock);
    return result;
}

int32_t SystemNative_GetWindowSize(intptr_t fd, SnWinSize *size)
{
    static_assert(sizeof(struct winsize) == sizeof(SnWinSize) && offsetof(struct winsize, ws_col) == 2, "WinSize");
    int result = ioctl(sn_fd(fd), TIOCGWINSZ, size);
    if (result != 0)
        *size = (SnWinSize){0};
    return result;
}

int32_t SystemNative_IsATty(intptr_t fd)
{
    return isatty(sn_fd(fd));
}

/* Enters application mode now, and again whenever a child has handed the terminal back. */
void SystemNative_SetKeypadXmit(intptr_t fd, const char *sequence)
{
    pthread_mutex_lock(&lock);
    free(terminal.keypad_xmit);
    terminal.keypad_xmit = strdup(sequence);
    terminal.keypad_fd = sn_fd(fd);
    write_keypad_xmit();
    pthread_mutex_unlock(&lock);
}

/* Values of control characters by Interop.Sys.ControlCharacterNames; *disabled_value stands for "has none". */
void SystemNative_GetControlCharacters(int32_t *names, uint8_t *values, int32_t length, uint8_t *disabled_value)
{
    static const int indexes[] = {VINTR,  VQUIT, VERASE, VKILL, VEOF,     VTIME,    VMIN,    VSWTC, VSTART,
                                  VSTOP,  VSUSP, VEOL,   VREPRINT, VDISCARD, VWERASE, VLNEXT, VEOL2};
    *disabled_value = _POSIX_VDISABLE;
    if (length <= 0)
        return;
    memset(values, _POSIX_VDISABLE, (size_t)length);
    struct termios attributes;
    if (tcgetattr(STDIN_FILENO, &attributes) != 0)
        return;
    for (int32_t i = 0; i < length; i++)
        if (names[i] >= 0 && names[i] < (int32_t)(sizeof indexes / sizeof indexes[0]))
            values[i] = attributes.c_cc[indexes[names[i]]];
}

void SystemNative_InitializeConsoleBeforeRead(uint8_t min_chars, uint8_t timeout_ds)
{
    pthread_mutex_lock(&lock);
    terminal.reading = true;
    configure(terminal.signal_for_break, USER_PROGRAM, min_chars, timeout_ds, STOP_IN_BACKGROUND);
    pthread_mutex_unlock(&lock);
}

void SystemNative_UninitializeConsoleAfterRead(void)
{
    pthread_mutex_lock(&lock);
    terminal.reading = false;
    pthread_mutex_unlock(&lock);
}

/* 1 when stdin has something to read. */
int32_t SystemNative_StdinReady(void)
{
    SystemNative_InitializeConsoleBeforeRead(1, 0);
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    int result;
    SN_RETRY(result, poll(&input, 1, 0));
    SystemNative_UninitializeConsoleAfterRead();
    return result > 0;
}

int32_t SystemNative_ReadStdin(void *buffer, int32_t length)
{
    return SystemNative_Read(STDIN_FILENO, buffer, length);
}

/* While the program itself reads, the terminal stays the program's. */
void SystemNative_ConfigureTerminalForChildProcess(int32_t child_uses_terminal)
{
    pthread_mutex_lock(&lock);
    if (!terminal.reading) {
        if (!child_uses_terminal)
            terminal.current_known = false; /* the child may have left any settings behind */
        if (terminal.changed)
            configure(terminal.signal_for_break, child_uses_terminal ? USER_CHILD : USER_PROGRAM, 1, 0, SKIP_IN_BACKGROUND);
        if (!child_uses_terminal)
            write_keypad_xmit();
    }
    pthread_mutex_unlock(&lock);
}

int32_t SystemNative_GetSignalForBreak(void)
{
    return terminal.signal_for_break;
}

int32_t SystemNative_SetSignalForBreak(int32_t signal_for_break)
{
    pthread_mutex_lock(&lock);
    bool done = configure(signal_for_break != 0, USER_PROGRAM, 1, 0, STOP_IN_BACKGROUND);
    int error = errno;
    if (done)
        terminal.signal_for_break = signal_for_break != 0;
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}
