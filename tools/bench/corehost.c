// corehost LIBHOSTFXR DOTNET_ROOT APP.dll [ARGUMENT...]: runs a managed program on CoreCLR, as an apphost does.
// Without it the start of a Python interpreter would be counted as CoreCLR's.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

typedef int (*main_startupinfo)(int argc, const char **argv, const char *host, const char *root, const char *app);

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: corehost LIBHOSTFXR DOTNET_ROOT APP.dll [ARGUMENT...]\n");
        return 2;
    }
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    main_startupinfo run = library ? (main_startupinfo)dlsym(library, "hostfxr_main_startupinfo") : NULL;
    if (!run) {
        fprintf(stderr, "corehost: %s\n", dlerror());
        return 2;
    }
    char host[4096];
    snprintf(host, sizeof host, "%s/dotnet", argv[2]);
    const char **arguments = calloc((size_t)argc, sizeof *arguments);
    if (!arguments) return 2;
    int n = 0;
    arguments[n++] = host;
    for (int i = 4; i < argc; i++) arguments[n++] = argv[i];
    return run(n, arguments, host, argv[2], argv[3]);
}
