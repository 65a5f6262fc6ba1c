/* FileSystemWatcher: inotify. Masks and event records are Linux's own on both sides. */
#include "system_native.h"

#include <sys/inotify.h>

static_assert(IN_ACCESS == 0x1 && IN_MODIFY == 0x2 && IN_ATTRIB == 0x4 && IN_MOVED_FROM == 0x40, "NotifyEvents");
static_assert(IN_MOVED_TO == 0x80 && IN_CREATE == 0x100 && IN_DELETE == 0x200 && IN_Q_OVERFLOW == 0x4000, "NotifyEvents");
static_assert(IN_IGNORED == 0x8000 && IN_ONLYDIR == 0x01000000 && IN_DONT_FOLLOW == 0x02000000, "NotifyEvents");
static_assert(IN_EXCL_UNLINK == 0x04000000 && IN_ISDIR == 0x40000000, "NotifyEvents");

intptr_t SystemNative_INotifyInit(void)
{
    return inotify_init1(IN_CLOEXEC);
}

int32_t SystemNative_INotifyAddWatch(intptr_t fd, const char *path, uint32_t mask)
{
    return inotify_add_watch(sn_fd(fd), path, mask);
}

int32_t SystemNative_INotifyRemoveWatch(intptr_t fd, int32_t watch)
{
    return inotify_rm_watch(sn_fd(fd), watch);
}
