/* Enumeration of a directory. */
#include "system_native.h"

#include <dirent.h>

static_assert(DT_UNKNOWN == 0 && DT_FIFO == 1 && DT_CHR == 2 && DT_DIR == 4 && DT_BLK == 6, "NodeType");
static_assert(DT_REG == 8 && DT_LNK == 10 && DT_SOCK == 12 && DT_WHT == 14, "NodeType");

void *SystemNative_OpenDir(const char *path)
{
    DIR *directory;
    do {
        directory = opendir(path);
    } while (directory == NULL && errno == EINTR);
    return directory;
}

int32_t SystemNative_CloseDir(void *directory)
{
    int32_t result = closedir(directory);
    return result < 0 && errno == EINTR ? 0 : result;
}

/* The size of the buffer that a caller brings to SystemNative_ReadDirR. None is needed: an entry's name stays valid until
 * the next read of the same directory stream, and the class library reads a stream under a lock and copies the name first. */
int32_t SystemNative_GetReadDirRBufferSize(void)
{
    return 0;
}

/* 0 with an entry, -1 at the end, else an errno value; `entry` is cleared when there is none. */
int32_t SystemNative_ReadDirR(void *directory, uint8_t *buffer, int32_t length, SnDirectoryEntry *entry)
{
    (void)buffer;
    (void)length;
    errno = 0;
    const struct dirent *native = readdir(directory);
    if (native == NULL) {
        *entry = (SnDirectoryEntry){0};
        return errno == 0 ? -1 : errno;
    }
    *entry = (SnDirectoryEntry){.name = native->d_name, .name_length = -1, .inode_type = native->d_type};
    return 0;
}
