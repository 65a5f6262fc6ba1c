/* Mounted file systems. */
#include "system_native.h"

#include <mntent.h>
#include <stdio.h>
#include <sys/vfs.h>

enum { MOUNT_LINE_BYTES = 8192 };

/* Calls `on_found` with each mount point's path, valid during the call. 0, or -1 when the table cannot be read. */
int32_t SystemNative_GetAllMountPoints(void (*on_found)(void *context, const char *name), void *context)
{
    FILE *table = setmntent("/proc/mounts", "re");
    if (table == NULL)
        return -1;
    char line[MOUNT_LINE_BYTES];
    struct mntent entry;
    while (getmntent_r(table, &entry, line, sizeof line) != NULL)
        on_found(context, entry.mnt_dir);
    endmntent(table);
    return 0;
}

int32_t SystemNative_GetSpaceInfoForMountPoint(const char *name, SnMountPointInformation *information)
{
    struct statfs status;
    int result;
    SN_RETRY(result, statfs(name, &status));
    *information = (SnMountPointInformation){0};
    if (result == 0) {
        uint64_t block_bytes = (uint64_t)status.f_bsize;
        information->available_free_space = block_bytes * status.f_bavail;
        information->total_free_space = block_bytes * status.f_bfree;
        information->total_size = block_bytes * status.f_blocks;
    }
    return result;
}

/* Linux names the format by its magic number in *format_type; format_name is left empty. */
int32_t SystemNative_GetFormatInfoForMountPoint(const char *name, char *format_name, int32_t length, int64_t *format_type)
{
    struct statfs status;
    int result;
    SN_RETRY(result, statfs(name, &status));
    *format_type = result == 0 ? (int64_t)status.f_type : 0;
    if (result == 0 && length > 0)
        format_name[0] = '\0';
    return result;
}
