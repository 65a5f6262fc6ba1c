/* The program's entry: sets the runtime up, makes Main's arguments, runs Main, ends the process. */
#include "rt.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

int rt_argc;
char **rt_argv;
int32_t rt_exit_code;

extern int32_t rt_program_main(RtArray *arguments);
extern const int32_t rt_main_returns_void;
extern void (*const rt_process_exit_handler)(void); /* NULL when nothing listens */
_Noreturn void rt_exit(int32_t code);

static RtArray *make_arguments(void) {
    RtArray *array = (RtArray *)rt_new_array(rt_known_types[RT_TYPE_STRING_ARRAY], rt_argc > 0 ? rt_argc - 1 : 0);
    for (int i = 1; i < rt_argc; i++)
        ((RtObject **)array->data)[i - 1] = (RtObject *)rt_string_utf8(rt_argv[i]);
    return array;
}

/* Ends the process as Environment.Exit does: AppDomain.ProcessExit first, once. */
_Noreturn void rt_exit(int32_t code) {
    static bool is_exiting;
    rt_exit_code = code;
    if (rt_process_exit_handler && !__atomic_exchange_n(&is_exiting, true, __ATOMIC_SEQ_CST))
        rt_process_exit_handler();
    fflush(stdout);
    exit(rt_exit_code);
}

int main(int argc, char **argv) {
    rt_argc = argc;
    rt_argv = argv;
    signal(SIGPIPE, SIG_IGN);
    rt_gc_init();
    rt_thread_adopt_main();
    int32_t result = rt_program_main(make_arguments());
    rt_thread_wait_for_foreground();
    rt_exit(rt_main_returns_void ? rt_exit_code : result);
}
