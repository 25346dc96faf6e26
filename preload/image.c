/* Filling a new segment's header. See image.h. */
#include "image.h"

#include "folder.h"
#include "raw.h"
#include "vdso.h"

#include <string.h>

static uint64_t realtime_now(void)
{
    struct timespec now = vdso_time(CLOCK_REALTIME);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void read_link(const char *path, char *to, size_t size)
{
    long length = raw(readlinkat, AT_FDCWD, path, to, size - 1);
    to[length > 0 ? length : 0] = '\0';
}

/* The kernel's copy: what the program made of its argv meanwhile is its own affair. */
static void read_arguments(struct fdt_header *header)
{
    int fd = raw_open("/proc/self/cmdline", O_RDONLY, 0);
    if (fd < 0)
        return;
    long length = raw(read, fd, header->argv, FDT_ARGV_SIZE);
    raw(close, fd);
    for (long i = 0; i < length; i++)
        header->argc += header->argv[i] == '\0';
}

void image_arguments(int argc, char **argv)
{
    struct fdt_header *header = store.header;
    size_t at = 0;
    for (int i = 0; i < argc && argv[i] != NULL; i++) {
        size_t length = strlen(argv[i]) + 1;
        if (at + length > FDT_ARGV_SIZE)
            return;
        memcpy(header->argv + at, argv[i], length);
        at += length;
        header->argc++;
    }
}

static bool is_shell(const char *exe)
{
    static const char *const shells[] = {"bash", "dash", "sh", "ash", "busybox", "ksh", "mksh", "zsh"};
    const char *slash = strrchr(exe, '/');
    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
        if (strcmp(slash != NULL ? slash + 1 : exe, shells[i]) == 0)
            return true;
    return false;
}

/* The state another image's segment is in; FDT_STATE_STARTING when it cannot be read. */
static uint32_t state_of(const char *path)
{
    uint32_t state = FDT_STATE_STARTING;
    int fd = raw_open(path, O_RDONLY | O_NOFOLLOW, 0);
    if (fd >= 0) {
        raw(pread64, fd, &state, sizeof(state), offsetof(struct fdt_header, state));
        raw(close, fd);
    }
    return state;
}

/*
 * Where this program came from: the image before it in this process, whose exec led here; else its parent, that spawned it
 * (by vfork or posix_spawn: a forked child would have an image of its own here). A number may be used again: an image
 * that has said its last word was another process.
 */
static void find_predecessor(const struct store *new, struct fdt_header *header)
{
    char path[STORE_PATH_SIZE];
    if (new->path[0] == '\0')
        return;
    folder_name_file(new->folder, path, header->pid, header->image - 1);
    if (header->image > 1 && state_of(path) != FDT_STATE_EXITED) {
        header->how = FDT_HOW_EXEC;
        header->predecessor_pid = header->pid;
        header->predecessor_image = header->image - 1;
        return;
    }
    for (uint32_t image = 1; image < 100000; image++) {
        folder_name_file(new->folder, path, header->ppid, image);
        if (raw(faccessat, AT_FDCWD, path, F_OK) != 0)
            break;
        header->how = FDT_HOW_SPAWN;
        header->predecessor_pid = header->ppid;
        header->predecessor_image = image;
    }
}

void image_introduce(struct store *new, const struct fdt_part *parts, const struct limits *limits,
                     const struct store_origin *origin, uint32_t image)
{
    struct fdt_header *header = new->header;
    header->version = FDT_VERSION;
    header->min_reader = FDT_MIN_READER;
    header->header_size = FDT_HEADER_SIZE;
#if defined(__x86_64__)
    header->machine = 62;
#else
    header->machine = 183;
#endif
    header->file_size = new->size;
    for (int i = 0; i < FDT_PART_COUNT; i++) {
        header->parts[i] = parts[i];
        header->secured[i] = new->secured[i];
    }
    header->pid = (int32_t)raw(getpid);
    header->ppid = (int32_t)raw(getppid);
    header->uid = (uint32_t)raw(geteuid);
    header->gid = (uint32_t)raw(getegid);
    header->image = image;
    header->how = origin->how;
    header->predecessor_pid = origin->predecessor_pid;
    header->predecessor_image = origin->predecessor_image;
    if (origin->how == FDT_HOW_START)
        find_predecessor(new, header);
    header->start_monotonic_ns = store_now();
    header->start_realtime_ns = realtime_now();
    header->nofile_soft = limits->nofile.rlim_cur;
    header->nofile_hard = limits->nofile.rlim_max;
    header->calls = new->count[FDT_PART_CALLS];
    header->sites = 1;
    header->epoch = 1;
    header->flags = new->path[0] == '\0' ? FDT_HEADER_ANONYMOUS : 0;
    read_link("/proc/self/exe", header->exe, FDT_EXE_SIZE);
    header->flags |= is_shell(header->exe) ? FDT_HEADER_SHELL : 0;
    if (raw(getcwd, header->cwd, FDT_CWD_SIZE) <= 0)
        header->cwd[0] = '\0';
    if (origin->how == FDT_HOW_FORK || !IMAGE_IS_HANDED_ARGUMENTS)
        read_arguments(header);
    memcpy(new->calls, __start_fdt_hooks, header->calls);
    /* Last, so that a reader that sees the magic sees a whole header. */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    memcpy(header->magic, FDT_MAGIC, sizeof(header->magic));
}
