/* The file beside a built program that starts it: finds .NET, loads its hostfxr and hands over.
 *
 * The program is the .dll of the same name in the same folder. .NET is looked for where its own host looks: DOTNET_ROOT, the install
 * locations of the system, and at last the tool chain that aotd keeps in the user's cache. */

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE "x64"
#define ROOT_VARIABLE "DOTNET_ROOT_X64"
#else
#define ARCHITECTURE "arm64"
#define ROOT_VARIABLE "DOTNET_ROOT_ARM64"
#endif

/* Exit codes of .NET's own host: the low bytes of 0x80008081 and 0x80008083. */
enum { NO_APPLICATION = 0x81, NO_RUNTIME = 0x83 };

typedef int (*main_startupinfo)(int argc, const char **argv, const char *host_path, const char *dotnet_root, const char *app_path);

/* Is `left` a later version than `right`? A release is later than its previews. */
static int is_later(const char *left, const char *right) {
    while (*left && *right) {
        char *left_end, *right_end;
        long left_number = strtol(left, &left_end, 10), right_number = strtol(right, &right_end, 10);
        if (left_end != left && right_end != right) {
            if (left_number != right_number) return left_number > right_number;
            left = left_end;
            right = right_end;
        } else if (*left != *right) {
            return *left > *right;
        } else {
            left++;
            right++;
        }
    }
    return *right == '-' || (*left != '\0' && *left != '-');
}

/* The latest hostfxr below `root`, into `path`; 0 when there is none. */
static int find_hostfxr(const char *root, char path[PATH_MAX]) {
    char folder[PATH_MAX], latest[NAME_MAX + 1] = "";
    if (snprintf(folder, sizeof folder, "%s/host/fxr", root) >= (int)sizeof folder) return 0;
    DIR *entries = opendir(folder);
    if (!entries) return 0;
    for (struct dirent *entry; (entry = readdir(entries));)
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9' && (!*latest || is_later(entry->d_name, latest)))
            snprintf(latest, sizeof latest, "%s", entry->d_name);
    closedir(entries);
    return *latest && snprintf(path, PATH_MAX, "%s/%s/libhostfxr.so", folder, latest) < PATH_MAX && access(path, R_OK) == 0;
}

/* The first line of an install location file, into `root`. */
static int read_location(const char *file, char root[PATH_MAX]) {
    FILE *stream = fopen(file, "r");
    if (!stream) return 0;
    int found = fgets(root, PATH_MAX, stream) != NULL;
    fclose(stream);
    if (found) root[strcspn(root, "\r\n")] = '\0';
    return found && *root;
}

/* The tool chain in the user's cache. */
static int find_kept(char root[PATH_MAX], char hostfxr[PATH_MAX]) {
    char folder[PATH_MAX];
    const char *own = getenv("AOTD_CACHE_DIR"), *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (own && *own) snprintf(folder, sizeof folder, "%s/toolchain", own);
    else if (cache && *cache) snprintf(folder, sizeof folder, "%s/aotd/toolchain", cache);
    else if (home && *home) snprintf(folder, sizeof folder, "%s/.cache/aotd/toolchain", home);
    else return 0;
    DIR *entries = opendir(folder);
    if (!entries) return 0;
    int found = 0;
    for (struct dirent *entry; !found && (entry = readdir(entries));)
        if (entry->d_name[0] != '.' && snprintf(root, PATH_MAX, "%s/%s/dotnet", folder, entry->d_name) < PATH_MAX)
            found = find_hostfxr(root, hostfxr);
    closedir(entries);
    return found;
}

static int find_dotnet(char root[PATH_MAX], char hostfxr[PATH_MAX]) {
    const char *variables[] = {ROOT_VARIABLE, "DOTNET_ROOT"};
    for (int i = 0; i < 2; i++) {
        const char *value = getenv(variables[i]);
        if (value && *value && snprintf(root, PATH_MAX, "%s", value) < PATH_MAX && find_hostfxr(root, hostfxr)) return 1;
    }
    const char *files[] = {"/etc/dotnet/install_location_" ARCHITECTURE, "/etc/dotnet/install_location"};
    for (int i = 0; i < 2; i++)
        if (read_location(files[i], root) && find_hostfxr(root, hostfxr)) return 1;
    const char *folders[] = {"/usr/share/dotnet", "/usr/lib/dotnet", "/usr/local/share/dotnet"};
    for (int i = 0; i < 3; i++)
        if (snprintf(root, PATH_MAX, "%s", folders[i]) < PATH_MAX && find_hostfxr(root, hostfxr)) return 1;
    return find_kept(root, hostfxr);
}

int main(int argc, const char **argv) {
    char host[PATH_MAX], program[PATH_MAX + 4], root[PATH_MAX], hostfxr[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", host, sizeof host - 1);
    if (length < 0) {
        fprintf(stderr, "The path of this program cannot be found: %s\n", strerror(errno));
        return NO_APPLICATION;
    }
    host[length] = '\0';
    snprintf(program, sizeof program, "%s.dll", host);
    if (access(program, R_OK) != 0) {
        fprintf(stderr, "The application to execute does not exist: '%s'.\n", program);
        return NO_APPLICATION;
    }
    if (!find_dotnet(root, hostfxr)) {
        fprintf(stderr, "You must install .NET to run this application.\n\nApp: %s\nArchitecture: %s\n", host, ARCHITECTURE);
        return NO_RUNTIME;
    }
    void *library = dlopen(hostfxr, RTLD_LAZY | RTLD_LOCAL);
    main_startupinfo run = library ? (main_startupinfo)dlsym(library, "hostfxr_main_startupinfo") : NULL;
    if (!run) {
        fprintf(stderr, "'%s' cannot be loaded: %s\n", hostfxr, dlerror());
        return NO_RUNTIME;
    }
    return run(argc, argv, host, root, program);
}
