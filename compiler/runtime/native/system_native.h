/* libSystem.Native: the operating system as the .NET class library sees it.
 *
 * The class library imports every entry point here by name (DllImport "libSystem.Native", EntryPoint "SystemNative_*");
 * names, parameter sizes, struct layouts and constants are its own and are the same on every platform. What differs
 * between platforms is translated here.
 *
 * Conventions, unless an entry point says otherwise:
 * - A file descriptor arrives as intptr_t (a SafeHandle's value), -1 for none.
 * - An int32_t/int64_t/intptr_t result of -1, or a NULL pointer, means failure, with the reason in errno. The class library
 *   reads errno right after the call, so nothing may run between the failing call and the return that could change it.
 * - Entry points whose result is an SnError return the reason and promise nothing about errno.
 * - Calls interrupted by a signal are repeated: the runtime stops threads with a signal, and the caller must not see that.
 * - Strings are UTF-8 and end with a zero byte. Memory that is handed over is released with SystemNative_Free (free).
 */
#ifndef AOTD_SYSTEM_NATIVE_H
#define AOTD_SYSTEM_NATIVE_H
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Repeats `call` while a signal interrupts it; `result` gets the last outcome. */
#define SN_RETRY(result, call)                                                                                         \
    do {                                                                                                               \
        (result) = (call);                                                                                             \
    } while ((result) < 0 && errno == EINTR)

static inline int sn_fd(intptr_t descriptor)
{
    return (int)descriptor;
}

/* Interop.Error: one number per errno name, equal on all platforms. X(name, number). */
#define SN_ERROR_LIST(X)                                                                                               \
    X(E2BIG, 0x10001) X(EACCES, 0x10002) X(EADDRINUSE, 0x10003) X(EADDRNOTAVAIL, 0x10004) X(EAFNOSUPPORT, 0x10005)     \
    X(EAGAIN, 0x10006) X(EALREADY, 0x10007) X(EBADF, 0x10008) X(EBADMSG, 0x10009) X(EBUSY, 0x1000A)                    \
    X(ECANCELED, 0x1000B) X(ECHILD, 0x1000C) X(ECONNABORTED, 0x1000D) X(ECONNREFUSED, 0x1000E) X(ECONNRESET, 0x1000F)  \
    X(EDEADLK, 0x10010) X(EDESTADDRREQ, 0x10011) X(EDOM, 0x10012) X(EDQUOT, 0x10013) X(EEXIST, 0x10014)                \
    X(EFAULT, 0x10015) X(EFBIG, 0x10016) X(EHOSTUNREACH, 0x10017) X(EIDRM, 0x10018) X(EILSEQ, 0x10019)                 \
    X(EINPROGRESS, 0x1001A) X(EINTR, 0x1001B) X(EINVAL, 0x1001C) X(EIO, 0x1001D) X(EISCONN, 0x1001E)                   \
    X(EISDIR, 0x1001F) X(ELOOP, 0x10020) X(EMFILE, 0x10021) X(EMLINK, 0x10022) X(EMSGSIZE, 0x10023)                    \
    X(EMULTIHOP, 0x10024) X(ENAMETOOLONG, 0x10025) X(ENETDOWN, 0x10026) X(ENETRESET, 0x10027)                          \
    X(ENETUNREACH, 0x10028) X(ENFILE, 0x10029) X(ENOBUFS, 0x1002A) X(ENODEV, 0x1002C) X(ENOENT, 0x1002D)               \
    X(ENOEXEC, 0x1002E) X(ENOLCK, 0x1002F) X(ENOLINK, 0x10030) X(ENOMEM, 0x10031) X(ENOMSG, 0x10032)                   \
    X(ENOPROTOOPT, 0x10033) X(ENOSPC, 0x10034) X(ENOSYS, 0x10037) X(ENOTCONN, 0x10038) X(ENOTDIR, 0x10039)             \
    X(ENOTEMPTY, 0x1003A) X(ENOTRECOVERABLE, 0x1003B) X(ENOTSOCK, 0x1003C) X(ENOTSUP, 0x1003D) X(ENOTTY, 0x1003E)      \
    X(ENXIO, 0x1003F) X(EOVERFLOW, 0x10040) X(EOWNERDEAD, 0x10041) X(EPERM, 0x10042) X(EPIPE, 0x10043)                 \
    X(EPROTO, 0x10044) X(EPROTONOSUPPORT, 0x10045) X(EPROTOTYPE, 0x10046) X(ERANGE, 0x10047) X(EROFS, 0x10048)         \
    X(ESPIPE, 0x10049) X(ESRCH, 0x1004A) X(ESTALE, 0x1004B) X(ETIMEDOUT, 0x1004D) X(ETXTBSY, 0x1004E)                  \
    X(EXDEV, 0x1004F) X(ESOCKTNOSUPPORT, 0x1005E) X(EPFNOSUPPORT, 0x10060) X(ESHUTDOWN, 0x1006C)                       \
    X(EHOSTDOWN, 0x10070) X(ENODATA, 0x10071)

typedef int32_t SnError;
enum {
    SN_SUCCESS = 0,
#define SN_ERROR_ENUMERATOR(name, number) SN_##name = number,
    SN_ERROR_LIST(SN_ERROR_ENUMERATOR)
#undef SN_ERROR_ENUMERATOR
    SN_EHOSTNOTFOUND = 0x20001, /* no errno: a name look-up failed */
    SN_ESOCKETERROR = 0x20002,  /* no errno: a socket error without a name */
    SN_ENONSTANDARD = 0x1FFFF   /* an errno that the class library has no name for */
};

/* Interop.Sys.OpenFlags, also PipeFlags and the flags of fcntl(F_SETFD). */
enum {
    SN_O_RDONLY = 0x0000,
    SN_O_WRONLY = 0x0001,
    SN_O_RDWR = 0x0002,
    SN_O_ACCESS_MASK = 0x000F,
    SN_O_CLOEXEC = 0x0010,
    SN_O_CREAT = 0x0020,
    SN_O_EXCL = 0x0040,
    SN_O_TRUNC = 0x0080,
    SN_O_SYNC = 0x0100,
    SN_O_NOFOLLOW = 0x0200
};

/* Interop.Sys.FileStatus. Mode has the POSIX values of S_IF* and S_I*; times are seconds and nanoseconds since 1970. */
typedef struct SnFileStatus {
    int32_t flags; /* 1: birth_time is known */
    int32_t mode;
    uint32_t uid;
    uint32_t gid;
    int64_t size_bytes;
    int64_t access_time;
    int64_t access_time_ns;
    int64_t modify_time;
    int64_t modify_time_ns;
    int64_t change_time;
    int64_t change_time_ns;
    int64_t birth_time;
    int64_t birth_time_ns;
    int64_t device;
    int64_t special_device;
    int64_t inode;
    uint32_t user_flags;
} SnFileStatus;
static_assert(offsetof(SnFileStatus, size_bytes) == 16 && offsetof(SnFileStatus, birth_time) == 72, "FileStatus");
static_assert(offsetof(SnFileStatus, user_flags) == 112 && sizeof(SnFileStatus) == 120, "FileStatus");

/* Interop.Sys.DirectoryEntry. */
typedef struct SnDirectoryEntry {
    const char *name;
    int32_t name_length; /* bytes, -1 when the reader must look for the zero byte */
    int32_t inode_type;  /* DT_* of <dirent.h> */
} SnDirectoryEntry;
static_assert(sizeof(SnDirectoryEntry) == sizeof(void *) + 8, "DirectoryEntry");

/* Interop.Sys.TimeSpec. */
typedef struct SnTimeSpec {
    int64_t seconds;
    int64_t nanoseconds;
} SnTimeSpec;
static_assert(sizeof(SnTimeSpec) == 16, "TimeSpec");

/* Interop.Sys.IOVector: a struct iovec. */
typedef struct SnIOVector {
    uint8_t *base;
    uintptr_t count;
} SnIOVector;

/* Interop.PollEvent. Event bits have the values of Linux's POLL*. */
typedef struct SnPollEvent {
    int32_t descriptor;
    int16_t events;
    int16_t triggered;
} SnPollEvent;
static_assert(sizeof(SnPollEvent) == 8, "PollEvent");

/* Interop.Sys.Passwd. */
typedef struct SnPasswd {
    char *name;
    char *password;
    uint32_t uid;
    uint32_t gid;
    char *user_info;
    char *home_directory;
    char *shell;
} SnPasswd;
static_assert(offsetof(SnPasswd, uid) == 2 * sizeof(void *) && sizeof(SnPasswd) == 5 * sizeof(void *) + 8, "Passwd");

/* Interop.Sys.WinSize. */
typedef struct SnWinSize {
    uint16_t rows;
    uint16_t columns;
    uint16_t x_pixels;
    uint16_t y_pixels;
} SnWinSize;
static_assert(sizeof(SnWinSize) == 8, "WinSize");

/* Interop.Sys.IPAddress. Bytes in network order, the first 4 of IPv4. */
typedef struct SnIPAddress {
    uint8_t bytes[16];
    uint32_t is_ipv6;
    uint32_t scope_id;
} SnIPAddress;
static_assert(offsetof(SnIPAddress, is_ipv6) == 16 && sizeof(SnIPAddress) == 24, "IPAddress");

/* Interop.Sys.HostEntry. */
typedef struct SnHostEntry {
    char *canonical_name;
    char **aliases; /* always NULL */
    SnIPAddress *addresses;
    int32_t n_addresses;
} SnHostEntry;
static_assert(offsetof(SnHostEntry, n_addresses) == 3 * sizeof(void *), "HostEntry");

/* Interop.Sys.IPPacketInformation. */
typedef struct SnIPPacketInformation {
    SnIPAddress address;
    int32_t interface_index;
    int32_t padding;
} SnIPPacketInformation;
static_assert(offsetof(SnIPPacketInformation, interface_index) == 24 && sizeof(SnIPPacketInformation) == 32, "IPPacketInformation");

/* Interop.Sys.IPv4MulticastOption. Addresses in network order. */
typedef struct SnIPv4MulticastOption {
    uint32_t multicast_address;
    uint32_t local_address;
    int32_t interface_index;
    int32_t padding;
} SnIPv4MulticastOption;
static_assert(sizeof(SnIPv4MulticastOption) == 16, "IPv4MulticastOption");

/* Interop.Sys.IPv6MulticastOption. */
typedef struct SnIPv6MulticastOption {
    SnIPAddress address;
    int32_t interface_index;
    int32_t padding;
} SnIPv6MulticastOption;
static_assert(offsetof(SnIPv6MulticastOption, interface_index) == 24 && sizeof(SnIPv6MulticastOption) == 32, "IPv6MulticastOption");

/* Interop.Sys.LingerOption. */
typedef struct SnLingerOption {
    int32_t is_on;
    int32_t seconds;
} SnLingerOption;
static_assert(sizeof(SnLingerOption) == 8, "LingerOption");

/* Interop.Sys.MessageHeader. */
typedef struct SnMessageHeader {
    uint8_t *socket_address;
    SnIOVector *vectors;
    uint8_t *control_buffer;
    int32_t socket_address_length;
    int32_t n_vectors;
    int32_t control_buffer_length;
    int32_t flags;
} SnMessageHeader;
static_assert(offsetof(SnMessageHeader, flags) == 3 * sizeof(void *) + 12, "MessageHeader");

/* Interop.Sys.SocketEvent; `events` has SN_SOCKET_* bits. */
typedef struct SnSocketEvent {
    uintptr_t data;
    int32_t events;
    int32_t padding;
} SnSocketEvent;
static_assert(sizeof(SnSocketEvent) == sizeof(void *) + 8, "SocketEvent");

/* Interop.Sys.SocketEvents. */
enum {
    SN_SOCKET_READ = 0x01,
    SN_SOCKET_WRITE = 0x02,
    SN_SOCKET_READ_CLOSE = 0x04,
    SN_SOCKET_CLOSE = 0x08,
    SN_SOCKET_ERROR = 0x10
};

/* Interop.Sys.IpAddressInfo. */
typedef struct SnIpAddressInfo {
    int32_t interface_index;
    uint8_t bytes[16];
    uint8_t n_bytes;
    uint8_t prefix_length;
    uint8_t padding[2];
} SnIpAddressInfo;
static_assert(offsetof(SnIpAddressInfo, n_bytes) == 20 && sizeof(SnIpAddressInfo) == 24, "IpAddressInfo");

/* Interop.Sys.LinkLayerAddressInfo; hardware_type is a NetworkInterfaceType. */
typedef struct SnLinkLayerAddressInfo {
    int32_t interface_index;
    uint8_t bytes[8];
    uint8_t n_bytes;
    uint8_t padding;
    uint16_t hardware_type;
} SnLinkLayerAddressInfo;
static_assert(offsetof(SnLinkLayerAddressInfo, hardware_type) == 14 && sizeof(SnLinkLayerAddressInfo) == 16, "LinkLayerAddressInfo");

/* Interop.Sys.NetworkInterfaceInfo; speed in bits per second, -1 when unknown; operational_state is an OperationalStatus. */
typedef struct SnNetworkInterfaceInfo {
    char name[16];
    int64_t speed;
    int32_t interface_index;
    int32_t mtu;
    uint16_t hardware_type;
    uint8_t operational_state;
    uint8_t n_bytes;
    uint8_t bytes[8];
    uint8_t supports_multicast;
    uint8_t padding[3];
} SnNetworkInterfaceInfo;
static_assert(offsetof(SnNetworkInterfaceInfo, bytes) == 36 && sizeof(SnNetworkInterfaceInfo) == 48, "NetworkInterfaceInfo");

/* Interop.Sys.ProcessCpuInformation: nanoseconds. */
typedef struct SnProcessCpuInformation {
    uint64_t last_time;
    uint64_t last_kernel_time;
    uint64_t last_user_time;
} SnProcessCpuInformation;
static_assert(sizeof(SnProcessCpuInformation) == 24, "ProcessCpuInformation");

/* Interop.Sys.MountPointInformation: bytes. */
typedef struct SnMountPointInformation {
    uint64_t available_free_space;
    uint64_t total_free_space;
    uint64_t total_size;
} SnMountPointInformation;
static_assert(sizeof(SnMountPointInformation) == 24, "MountPointInformation");

/* System.Runtime.InteropServices.PosixSignal. */
enum {
    SN_SIGHUP = -1,
    SN_SIGINT = -2,
    SN_SIGQUIT = -3,
    SN_SIGTERM = -4,
    SN_SIGCHLD = -5,
    SN_SIGCONT = -6,
    SN_SIGWINCH = -7,
    SN_SIGTTIN = -8,
    SN_SIGTTOU = -9,
    SN_SIGTSTP = -10
};

/* errno.c */
SnError SystemNative_ConvertErrorPlatformToPal(int32_t platform_errno);
int32_t SystemNative_ConvertErrorPalToPlatform(SnError error);
const char *SystemNative_StrErrorR(int32_t platform_errno, char *buffer, int32_t buffer_length);
int32_t SystemNative_GetErrNo(void);
void SystemNative_SetErrNo(int32_t error);

/* file.c */
int32_t sn_open_flags(int32_t flags); /* platform flags of SN_O_* bits, -1 when a bit is unknown */
intptr_t SystemNative_Open(const char *path, int32_t flags, int32_t mode);
int32_t SystemNative_Close(intptr_t fd);
intptr_t SystemNative_Dup(intptr_t fd);
int32_t SystemNative_Read(intptr_t fd, void *buffer, int32_t length);
int32_t SystemNative_Write(intptr_t fd, const void *buffer, int32_t length);
int32_t SystemNative_PRead(intptr_t fd, void *buffer, int32_t length, int64_t offset);
int32_t SystemNative_PWrite(intptr_t fd, const void *buffer, int32_t length, int64_t offset);
int64_t SystemNative_PReadV(intptr_t fd, SnIOVector *vectors, int32_t n_vectors, int64_t offset);
int64_t SystemNative_PWriteV(intptr_t fd, SnIOVector *vectors, int32_t n_vectors, int64_t offset);
int64_t SystemNative_LSeek(intptr_t fd, int64_t offset, int32_t whence);
int32_t SystemNative_FSync(intptr_t fd);
int32_t SystemNative_FTruncate(intptr_t fd, int64_t length);
int32_t SystemNative_FAllocate(intptr_t fd, int64_t offset, int64_t length);
int32_t SystemNative_PosixFAdvise(intptr_t fd, int64_t offset, int64_t length, int32_t advice);
int32_t SystemNative_FLock(intptr_t fd, int32_t operation);
int32_t SystemNative_LockFileRegion(intptr_t fd, int64_t offset, int64_t length, int16_t lock_type);
void SystemNative_Sync(void);

/* file_status.c */
int32_t SystemNative_Stat(const char *path, SnFileStatus *status);
int32_t SystemNative_LStat(const char *path, SnFileStatus *status);
int32_t SystemNative_FStat(intptr_t fd, SnFileStatus *status);
int32_t SystemNative_Access(const char *path, int32_t mode);
int32_t SystemNative_ChMod(const char *path, int32_t mode);
int32_t SystemNative_FChMod(intptr_t fd, int32_t mode);
int32_t SystemNative_UTimensat(const char *path, SnTimeSpec *times);
int32_t SystemNative_FUTimens(intptr_t fd, SnTimeSpec *times);
int32_t SystemNative_LChflags(const char *path, uint32_t flags);
int32_t SystemNative_FChflags(intptr_t fd, uint32_t flags);
int32_t SystemNative_LChflagsCanSetHiddenFlag(void);
int32_t SystemNative_CanGetHiddenFlag(void);
uint32_t SystemNative_GetFileSystemType(intptr_t fd);
void SystemNative_GetDeviceIdentifiers(uint64_t device, uint32_t *major_number, uint32_t *minor_number);

/* file_copy.c */
int32_t SystemNative_CopyFile(intptr_t source_fd, intptr_t destination_fd, int64_t source_length);

/* path.c */
int32_t SystemNative_Unlink(const char *path);
int32_t SystemNative_Rename(const char *old_path, const char *new_path);
int32_t SystemNative_Link(const char *source, const char *link_path);
int32_t SystemNative_SymLink(const char *target, const char *link_path);
int32_t SystemNative_ReadLink(const char *path, char *buffer, int32_t length);
int32_t SystemNative_MkDir(const char *path, int32_t mode);
int32_t SystemNative_RmDir(const char *path);
int32_t SystemNative_ChDir(const char *path);
char *SystemNative_GetCwd(char *buffer, int32_t length);
char *SystemNative_RealPath(const char *path);
char *SystemNative_MkdTemp(char *path_template);
intptr_t SystemNative_MksTemps(char *path_template, int32_t suffix_length);
int32_t SystemNative_MkFifo(const char *path, uint32_t mode);
int32_t SystemNative_MkNod(const char *path, uint32_t mode, uint32_t major_number, uint32_t minor_number);

/* directory.c */
void *SystemNative_OpenDir(const char *path);
int32_t SystemNative_CloseDir(void *directory);
int32_t SystemNative_GetReadDirRBufferSize(void);
int32_t SystemNative_ReadDirR(void *directory, uint8_t *buffer, int32_t length, SnDirectoryEntry *entry);

/* memory.c */
void *SystemNative_Malloc(uintptr_t size);
void *SystemNative_Calloc(uintptr_t count, uintptr_t size);
void *SystemNative_Realloc(void *memory, uintptr_t size);
void SystemNative_Free(void *memory);
void *SystemNative_AlignedAlloc(uintptr_t alignment, uintptr_t size);
void *SystemNative_AlignedRealloc(void *memory, uintptr_t alignment, uintptr_t size);
void SystemNative_AlignedFree(void *memory);

/* pipe.c */
int32_t SystemNative_Pipe(int32_t fds[2], int32_t flags);
int32_t SystemNative_FcntlSetFD(intptr_t fd, int32_t flags);
int32_t SystemNative_FcntlGetFD(intptr_t fd);
int32_t SystemNative_FcntlCanGetSetPipeSz(void);
int32_t SystemNative_FcntlGetPipeSz(intptr_t fd);
int32_t SystemNative_FcntlSetPipeSz(intptr_t fd, int32_t size);
int32_t SystemNative_FcntlSetIsNonBlocking(intptr_t fd, int32_t is_non_blocking);
int32_t SystemNative_FcntlGetIsNonBlocking(intptr_t fd, int32_t *is_non_blocking);
SnError SystemNative_Poll(SnPollEvent *events, uint32_t n_events, int32_t timeout_ms, uint32_t *n_triggered);

/* environment.c */
char *SystemNative_GetEnv(const char *name);
char **SystemNative_GetEnviron(void);
void SystemNative_FreeEnviron(char **environment);

/* time.c */
int64_t SystemNative_GetSystemTimeAsTicks(void);
uint64_t SystemNative_GetTimestamp(void);
int64_t SystemNative_GetBootTimeTicks(void);
double SystemNative_GetCpuUtilization(SnProcessCpuInformation *previous);

/* random.c */
int32_t SystemNative_GetCryptographicallySecureRandomBytes(uint8_t *buffer, int32_t length);
void SystemNative_GetNonCryptographicallySecureRandomBytes(uint8_t *buffer, int32_t length);

/* user.c */
uint32_t SystemNative_GetEUid(void);
uint32_t SystemNative_GetEGid(void);
int32_t SystemNative_SetEUid(uint32_t uid);
int32_t SystemNative_GetPwUidR(uint32_t uid, SnPasswd *passwd, char *buffer, int32_t length);
int32_t SystemNative_GetPwNamR(const char *name, SnPasswd *passwd, char *buffer, int32_t length);
int32_t SystemNative_GetGroupList(const char *name, uint32_t group, uint32_t *groups, int32_t *n_groups);
int32_t SystemNative_GetGroups(int32_t n_groups, uint32_t *groups);
char *SystemNative_GetGroupName(uint32_t gid);

/* system.c */
int64_t SystemNative_SysConf(int32_t name);
char *SystemNative_GetUnixRelease(void);
int32_t SystemNative_GetUnixVersion(char *version, int32_t *capacity);
int32_t SystemNative_GetOSArchitecture(void);
int32_t SystemNative_GetHostName(uint8_t *name, int32_t length);
int32_t SystemNative_GetDomainName(uint8_t *name, int32_t length);
char *SystemNative_GetProcessPath(void);
void *SystemNative_GetDefaultSearchOrderPseudoHandle(void);

/* threading.c */
typedef struct SnLowLevelMonitor SnLowLevelMonitor;
SnLowLevelMonitor *SystemNative_LowLevelMonitor_Create(void);
void SystemNative_LowLevelMonitor_Destroy(SnLowLevelMonitor *monitor);
void SystemNative_LowLevelMonitor_Acquire(SnLowLevelMonitor *monitor);
void SystemNative_LowLevelMonitor_Release(SnLowLevelMonitor *monitor);
void SystemNative_LowLevelMonitor_Wait(SnLowLevelMonitor *monitor);
int32_t SystemNative_LowLevelMonitor_TimedWait(SnLowLevelMonitor *monitor, int32_t timeout_ms);
void SystemNative_LowLevelMonitor_Signal_Release(SnLowLevelMonitor *monitor);
int32_t SystemNative_SchedGetCpu(void);
uint32_t SystemNative_TryGetUInt32OSThreadId(void);
uint64_t SystemNative_GetUInt64OSThreadId(void);

/* log.c */
void SystemNative_Log(uint8_t *buffer, int32_t length);
void SystemNative_LogError(uint8_t *buffer, int32_t length);
void SystemNative_SysLog(int32_t priority, const char *message, const char *argument);
int32_t SystemNative_SNPrintF_1S(char *buffer, int32_t length, const char *format, char *argument);
int32_t SystemNative_SNPrintF_1I(char *buffer, int32_t length, const char *format, int32_t argument);

/* mount.c */
int32_t SystemNative_GetAllMountPoints(void (*on_found)(void *context, const char *name), void *context);
int32_t SystemNative_GetSpaceInfoForMountPoint(const char *name, SnMountPointInformation *information);
int32_t SystemNative_GetFormatInfoForMountPoint(const char *name, char *format_name, int32_t length, int64_t *format_type);

/* process.c */
int32_t SystemNative_GetPid(void);
int32_t SystemNative_GetSid(int32_t pid);
int32_t SystemNative_Kill(int32_t pid, int32_t signal);
int32_t SystemNative_WaitIdAnyExitedNoHangNoWait(void);
int32_t SystemNative_WaitPidExitedNoHang(int32_t pid, int32_t *exit_code);
int32_t SystemNative_GetPriority(int32_t which, int32_t who);
int32_t SystemNative_SetPriority(int32_t which, int32_t who, int32_t nice_value);
int32_t SystemNative_SchedSetAffinity(int32_t pid, intptr_t *mask);
int32_t SystemNative_SchedGetAffinity(int32_t pid, intptr_t *mask);

/* process_start.c: redirect_* ask for a pipe, whose parent's end comes back in *_fd (-1 otherwise). */
int32_t SystemNative_ForkAndExecProcess(const char *filename, char *const argv[], char *const envp[], const char *cwd,
                                        int32_t redirect_stdin, int32_t redirect_stdout, int32_t redirect_stderr,
                                        int32_t set_credentials, uint32_t uid, uint32_t gid, uint32_t *groups, int32_t n_groups,
                                        int32_t *child_pid, int32_t *stdin_fd, int32_t *stdout_fd, int32_t *stderr_fd);

/* signal.c: turns asynchronous signals into calls on a thread of its own. */
int32_t SystemNative_GetPlatformSignalNumber(int32_t posix_signal);
void SystemNative_SetPosixSignalHandler(int32_t (*on_signal)(int32_t signal, int32_t posix_signal));
int32_t SystemNative_EnablePosixSignalHandling(int32_t signal);
void SystemNative_DisablePosixSignalHandling(int32_t signal);
void SystemNative_HandleNonCanceledPosixSignal(int32_t signal);
void SystemNative_SetTerminalInvalidationHandler(void (*on_invalidated)(void));
void SystemNative_RegisterForSigChld(int32_t (*on_sigchld)(int32_t reap_all, int32_t configure_console));
void SystemNative_SetDelayedSigChildConsoleConfigurationHandler(void (*on_sigchld)(void));
bool sn_signal_start(void);
int32_t sn_posix_signal(int signal);
void sn_signal_divert_ttou(void (*on_ttou)(void));
void sn_signal_restore_ttou(void);

/* terminal.c */
int32_t SystemNative_InitializeTerminalAndSignalHandling(void);
void SystemNative_UninitializeTerminal(void);
int32_t SystemNative_GetWindowSize(intptr_t fd, SnWinSize *size);
int32_t SystemNative_IsATty(intptr_t fd);
void SystemNative_SetKeypadXmit(intptr_t fd, const char *sequence);
void SystemNative_GetControlCharacters(int32_t *names, uint8_t *values, int32_t length, uint8_t *disabled_value);
int32_t SystemNative_StdinReady(void);
void SystemNative_InitializeConsoleBeforeRead(uint8_t min_chars, uint8_t timeout_ds);
void SystemNative_UninitializeConsoleAfterRead(void);
void SystemNative_ConfigureTerminalForChildProcess(int32_t child_uses_terminal);
int32_t SystemNative_ReadStdin(void *buffer, int32_t length);
int32_t SystemNative_GetSignalForBreak(void);
int32_t SystemNative_SetSignalForBreak(int32_t signal_for_break);
void sn_terminal_resume(void);

/* memory_map.c: a mapping is NULL on failure. */
void *SystemNative_MMap(void *address, uint64_t length, int32_t protection, int32_t flags, intptr_t fd, int64_t offset);
int32_t SystemNative_MUnmap(void *address, uint64_t length);
int32_t SystemNative_MSync(void *address, uint64_t length, int32_t flags);
int32_t SystemNative_MAdvise(void *address, uint64_t length, int32_t advice);
intptr_t SystemNative_ShmOpen(const char *name, int32_t flags, int32_t mode);
int32_t SystemNative_ShmUnlink(const char *name);

/* file_watch.c */
intptr_t SystemNative_INotifyInit(void);
int32_t SystemNative_INotifyAddWatch(intptr_t fd, const char *path, uint32_t mask);
int32_t SystemNative_INotifyRemoveWatch(intptr_t fd, int32_t watch);

/* socket_address.c: a socket address is the platform's struct sockaddr_* in a byte buffer. */
int32_t sn_address_family(int family);        /* AddressFamily of AF_*, -1 when it has none */
int sn_platform_address_family(int32_t family); /* AF_* of AddressFamily, -1 when it has none */
SnError SystemNative_GetSocketAddressSizes(int32_t *ipv4, int32_t *ipv6, int32_t *unix_domain, int32_t *maximum);
int32_t SystemNative_GetMaximumAddressSize(void);
void SystemNative_GetDomainSocketSizes(int32_t *path_offset, int32_t *path_size, int32_t *address_size);
SnError SystemNative_GetAddressFamily(const uint8_t *address, int32_t length, int32_t *family);
SnError SystemNative_SetAddressFamily(uint8_t *address, int32_t length, int32_t family);
SnError SystemNative_GetPort(const uint8_t *address, int32_t length, uint16_t *port);
SnError SystemNative_SetPort(uint8_t *address, int32_t length, uint16_t port);
SnError SystemNative_GetIPv4Address(const uint8_t *address, int32_t length, uint32_t *ip);
SnError SystemNative_SetIPv4Address(uint8_t *address, int32_t length, uint32_t ip);
SnError SystemNative_GetIPv6Address(const uint8_t *address, int32_t length, uint8_t *ip, int32_t ip_length, uint32_t *scope_id);
SnError SystemNative_SetIPv6Address(uint8_t *address, int32_t length, uint8_t *ip, int32_t ip_length, uint32_t scope_id);

/* socket.c */
SnError sn_last_error(int result); /* SN_SUCCESS for 0 and above, else that of errno */
SnError SystemNative_Socket(int32_t family, int32_t type, int32_t protocol, intptr_t *created);
SnError SystemNative_GetSocketType(intptr_t socket, int32_t *family, int32_t *type, int32_t *protocol, int32_t *is_listening);
SnError SystemNative_Bind(intptr_t socket, int32_t protocol, uint8_t *address, int32_t length);
SnError SystemNative_Listen(intptr_t socket, int32_t backlog);
SnError SystemNative_Accept(intptr_t socket, uint8_t *address, int32_t *length, intptr_t *accepted);
SnError SystemNative_Connect(intptr_t socket, uint8_t *address, int32_t length);
SnError SystemNative_Connectx(intptr_t socket, uint8_t *address, int32_t length, uint8_t *data, int32_t data_length,
                              int32_t fast_open, int32_t *sent);
SnError SystemNative_Disconnect(intptr_t socket);
SnError SystemNative_Shutdown(intptr_t socket, int32_t how);
SnError SystemNative_GetPeerName(intptr_t socket, uint8_t *address, int32_t *length);
SnError SystemNative_GetSockName(intptr_t socket, uint8_t *address, int32_t *length);
int32_t SystemNative_GetPeerID(intptr_t socket, uint32_t *uid);
SnError SystemNative_GetAtOutOfBandMark(intptr_t socket, int32_t *at_mark);
SnError SystemNative_GetBytesAvailable(intptr_t socket, int32_t *available);
SnError SystemNative_Select(int32_t *read_fds, int32_t n_read, int32_t *write_fds, int32_t n_write, int32_t *error_fds,
                            int32_t n_error, int32_t timeout_us, int32_t max_fd, int32_t *n_triggered);

/* socket_message.c */
SnError SystemNative_Receive(intptr_t socket, uint8_t *buffer, int32_t length, int32_t flags, int32_t *received);
SnError SystemNative_Send(intptr_t socket, uint8_t *buffer, int32_t length, int32_t flags, int32_t *sent);
SnError SystemNative_ReceiveMessage(intptr_t socket, SnMessageHeader *message, int32_t flags, int64_t *received);
SnError SystemNative_SendMessage(intptr_t socket, SnMessageHeader *message, int32_t flags, int64_t *sent);
SnError SystemNative_ReceiveSocketError(intptr_t socket, SnMessageHeader *message);
SnError SystemNative_SendFile(intptr_t out_fd, intptr_t in_fd, int64_t offset, int64_t count, int64_t *sent);
int32_t SystemNative_GetControlMessageBufferSize(int32_t is_ipv4, int32_t is_ipv6);
int32_t SystemNative_TryGetIPPacketInformation(SnMessageHeader *message, int32_t is_ipv4, SnIPPacketInformation *information);
int32_t SystemNative_PlatformSupportsDualModeIPv4PacketInfo(void);

/* socket_option.c */
int32_t sn_socket_type(int type); /* SocketType of SOCK_*, -1 when it has none */
SnError SystemNative_GetSockOpt(intptr_t socket, int32_t level, int32_t name, uint8_t *value, int32_t *length);
SnError SystemNative_SetSockOpt(intptr_t socket, int32_t level, int32_t name, uint8_t *value, int32_t length);
SnError SystemNative_GetRawSockOpt(intptr_t socket, int32_t level, int32_t name, uint8_t *value, int32_t *length);
SnError SystemNative_SetRawSockOpt(intptr_t socket, int32_t level, int32_t name, uint8_t *value, int32_t length);
SnError SystemNative_GetSocketErrorOption(intptr_t socket, SnError *error);
SnError SystemNative_GetLingerOption(intptr_t socket, SnLingerOption *option);
SnError SystemNative_SetLingerOption(intptr_t socket, SnLingerOption *option);
SnError SystemNative_SetReceiveTimeout(intptr_t socket, int32_t timeout_ms);
SnError SystemNative_SetSendTimeout(intptr_t socket, int32_t timeout_ms);
SnError SystemNative_GetIPv4MulticastOption(intptr_t socket, int32_t name, SnIPv4MulticastOption *option);
SnError SystemNative_SetIPv4MulticastOption(intptr_t socket, int32_t name, SnIPv4MulticastOption *option);
SnError SystemNative_GetIPv6MulticastOption(intptr_t socket, int32_t name, SnIPv6MulticastOption *option);
SnError SystemNative_SetIPv6MulticastOption(intptr_t socket, int32_t name, SnIPv6MulticastOption *option);

/* socket_event.c */
SnError SystemNative_CreateSocketEventPort(intptr_t *port);
SnError SystemNative_CloseSocketEventPort(intptr_t port);
SnError SystemNative_CreateSocketEventBuffer(int32_t count, SnSocketEvent **buffer);
SnError SystemNative_FreeSocketEventBuffer(SnSocketEvent *buffer);
SnError SystemNative_TryChangeSocketEventRegistration(intptr_t port, intptr_t socket, int32_t current_events, int32_t new_events,
                                                      uintptr_t data);
SnError SystemNative_WaitForSocketEvents(intptr_t port, SnSocketEvent *buffer, int32_t *count);

/* name_resolution.c: results are GetAddrInfoErrorFlags, 0 for success. */
int32_t SystemNative_GetHostEntryForName(const uint8_t *name, int32_t family, SnHostEntry *entry);
void SystemNative_FreeHostEntry(SnHostEntry *entry);
int32_t SystemNative_GetNameInfo(const uint8_t *address, uint32_t length, uint8_t is_ipv6, uint8_t *host, uint32_t host_length,
                                 uint8_t *service, uint32_t service_length, int32_t flags);
uint32_t SystemNative_InterfaceNameToIndex(char *name);

/* network_interface.c */
typedef void SnIpv4Found(void *context, const char *name, SnIpAddressInfo *information);
typedef void SnIpv6Found(void *context, const char *name, SnIpAddressInfo *information, uint32_t *scope_id);
typedef void SnLinkLayerFound(void *context, const char *name, SnLinkLayerAddressInfo *information);
int32_t SystemNative_EnumerateInterfaceAddresses(void *context, SnIpv4Found *on_ipv4, SnIpv6Found *on_ipv6,
                                                 SnLinkLayerFound *on_link_layer);
int32_t SystemNative_GetNetworkInterfaces(int32_t *n_interfaces, SnNetworkInterfaceInfo **interfaces, int32_t *n_addresses,
                                          SnIpAddressInfo **addresses);
int32_t SystemNative_MapTcpState(int32_t state);

/* network_change.c */
SnError SystemNative_CreateNetworkChangeListenerSocket(intptr_t *socket);
SnError SystemNative_ReadEvents(intptr_t socket, void (*on_change)(intptr_t socket, int32_t kind));

#endif
