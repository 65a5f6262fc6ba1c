/* The program's entry: sets the runtime up, makes Main's arguments, runs Main, ends the process. */
#include "rt.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int rt_argc;
char **rt_argv;
int32_t rt_exit_code;

extern int32_t rt_program_main(RtArray *arguments);
extern const int32_t rt_main_returns_void;
extern void (*const rt_process_exit_handler)(void); /* NULL when nothing listens */
_Noreturn void rt_exit(int32_t code);

/* Environment.GetCommandLineArgs: the program's name first. */
RtObject *rt_command_line_args(void) {
    RtArray *array = (RtArray *)rt_new_array(rt_known_types[RT_TYPE_STRING_ARRAY], rt_argc);
    for (int i = 0; i < rt_argc; i++)
        ((RtObject **)array->data)[i] = (RtObject *)rt_string_utf8(rt_argv[i]);
    return (RtObject *)array;
}

extern void (*const rt_app_context_setup)(const uint16_t **names, const uint16_t **values, int32_t count);
extern const uint16_t *const rt_knobs[];
extern const int32_t rt_knob_count;

/* Hands the runtime settings to AppContext, with the folder of the program as its base directory. */
static void set_up_app_context(void) {
    static const char base_name[] = "APP_CONTEXT_BASE_DIRECTORY";
    static uint16_t wide_name[sizeof base_name];
    for (size_t i = 0; i < sizeof base_name; i++)
        wide_name[i] = (uint16_t)base_name[i];
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    path[length > 0 ? length : 0] = 0;
    char *slash = strrchr(path, '/');
    if (slash)
        slash[1] = 0;
    RtString *base = rt_string_utf8(path);
    const uint16_t **names = malloc(sizeof *names * (size_t)(rt_knob_count + 1)), **values = malloc(sizeof *values * (size_t)(rt_knob_count + 1));
    if (!names || !values)
        rt_fail_fast("out of memory");
    for (int32_t i = 0; i < rt_knob_count; i++) {
        names[i] = rt_knobs[2 * i];
        values[i] = rt_knobs[2 * i + 1];
    }
    names[rt_knob_count] = wide_name;
    values[rt_knob_count] = base->chars;
    rt_app_context_setup(names, values, rt_knob_count + 1);
    free(names);
    free(values);
}

/* The command line from argument `first` on: 1 is what Main gets, 0 has the program's path as well. May collect. */
static RtArray *make_arguments(int first) {
    RtArray *array = (RtArray *)rt_new_array(rt_known_types[RT_TYPE_STRING_ARRAY], rt_argc > first ? rt_argc - first : 0);
    for (int i = first; i < rt_argc; i++)
        ((RtObject **)array->data)[i - first] = (RtObject *)rt_string_utf8(rt_argv[i]);
    return array;
}

/* Stands for Environment.GetCommandLineArgs: a new array each time, as the caller may change it. May collect. */
RtObject *rt_command_line(void) { return (RtObject *)make_arguments(0); }

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
    if (rt_app_context_setup)
        set_up_app_context();
    int32_t result = rt_program_main(make_arguments(1));
    rt_thread_wait_for_foreground();
    rt_exit(rt_main_returns_void ? rt_exit_code : result);
}
