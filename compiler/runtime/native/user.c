/* Users and groups. */
#include "system_native.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static_assert(sizeof(uid_t) == 4 && sizeof(gid_t) == 4, "user and group ids are uint32");

uint32_t SystemNative_GetEUid(void)
{
    return geteuid();
}

uint32_t SystemNative_GetEGid(void)
{
    return getegid();
}

int32_t SystemNative_SetEUid(uint32_t uid)
{
    return seteuid(uid);
}

/* 0 with the entry, -1 when there is none, else an errno value. The entry's strings stand in the caller's buffer. */
static int32_t convert_passwd(int error, const struct passwd *found, SnPasswd *passwd)
{
    if (error != 0 || found == NULL) {
        *passwd = (SnPasswd){0};
        return error != 0 ? error : -1;
    }
    *passwd = (SnPasswd){
        .name = found->pw_name,
        .password = found->pw_passwd,
        .uid = found->pw_uid,
        .gid = found->pw_gid,
        .user_info = found->pw_gecos,
        .home_directory = found->pw_dir,
        .shell = found->pw_shell,
    };
    return 0;
}

int32_t SystemNative_GetPwUidR(uint32_t uid, SnPasswd *passwd, char *buffer, int32_t length)
{
    if (length < 0)
        return EINVAL;
    struct passwd native;
    struct passwd *found;
    int error;
    do {
        error = getpwuid_r(uid, &native, buffer, (size_t)length, &found);
    } while (error == EINTR);
    return convert_passwd(error, found, passwd);
}

int32_t SystemNative_GetPwNamR(const char *name, SnPasswd *passwd, char *buffer, int32_t length)
{
    if (length < 0)
        return EINVAL;
    struct passwd native;
    struct passwd *found;
    int error;
    do {
        error = getpwnam_r(name, &native, buffer, (size_t)length, &found);
    } while (error == EINTR);
    return convert_passwd(error, found, passwd);
}

/* The number of groups, or -1. *n_groups is the capacity before and the number after the call. When the array was too small
 * it is a capacity to try next; on any other failure it is -1. musl leaves *n_groups alone then, hence the doubling. */
int32_t SystemNative_GetGroupList(const char *name, uint32_t group, uint32_t *groups, int32_t *n_groups)
{
    int capacity = *n_groups;
    int count, result;
    do {
        errno = 0;
        count = capacity;
        result = getgrouplist(name, group, groups, &count);
    } while (result == -1 && errno == EINTR);
    if (result != -1) {
        *n_groups = count;
        return result;
    }
    if (count > capacity)
        *n_groups = count;
    else
        *n_groups = count == capacity && errno == 0 ? capacity * 2 : -1;
    return -1;
}

int32_t SystemNative_GetGroups(int32_t n_groups, uint32_t *groups)
{
    return getgroups(n_groups, groups);
}

/* The group's name, to be freed by the caller; NULL when it has none. */
char *SystemNative_GetGroupName(uint32_t gid)
{
    for (size_t length = 512;; length *= 2) {
        char *buffer = malloc(length);
        if (buffer == NULL)
            return NULL;
        struct group native;
        struct group *found;
        int error = getgrgid_r(gid, &native, buffer, length, &found);
        char *name = error == 0 && found != NULL ? strdup(found->gr_name) : NULL;
        free(buffer);
        if (error == ERANGE || error == EINTR)
            continue;
        if (name == NULL)
            errno = error != 0 ? error : ENOENT;
        return name;
    }
}
