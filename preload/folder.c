/* Making a session's folder, and naming its files. See folder.h. */
#include "folder.h"

#include "raw.h"

#include <stdlib.h>
#include <string.h>

/* /proc/self/stat, field 22: with the pid it names a process for good, and an exec keeps it. */
static uint64_t process_start_ticks(void)
{
    char text[1024];
    int fd = raw_open("/proc/self/stat", O_RDONLY, 0);
    if (fd < 0)
        return 0;
    long length = raw(read, fd, text, sizeof(text) - 1);
    raw(close, fd);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    const char *at = strrchr(text, ')'); /* the program's name may hold anything, parentheses too */
    for (int field = 2; at != NULL && field < 22; field++) {
        at = strchr(at, ' ');
        at = at != NULL ? at + 1 : NULL;
    }
    uint64_t ticks = 0;
    for (; at != NULL && *at >= '0' && *at <= '9'; at++)
        ticks = ticks * 10 + (uint64_t)(*at - '0');
    return ticks;
}

static size_t put_text(char *to, size_t at, size_t size, const char *text)
{
    while (*text != '\0' && at + 1 < size)
        to[at++] = *text++;
    to[at] = '\0';
    return at;
}

static size_t put_number(char *to, size_t at, size_t size, uint64_t number)
{
    char text[24];
    char *digit = text + sizeof(text) - 1;
    *digit = '\0';
    do
        *--digit = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    return put_text(to, at, size, digit);
}

bool folder_usable(const char *path)
{
    struct stat status;
    return raw(newfstatat, AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode) &&
           status.st_uid == (uid_t)raw(geteuid) && (status.st_mode & 077) == 0;
}

/* Most images find it made: asking is cheaper than being refused. */
bool folder_make(const char *path)
{
    if (folder_usable(path))
        return true;
    long answer = raw(mkdirat, AT_FDCWD, path, 0700);
    return answer == 0 || (answer == -EEXIST && folder_usable(path));
}

bool folder_make_private(char path[STORE_PATH_SIZE])
{
    const char *temporary = getenv("TMPDIR");
    const char *const parents[] = {"/dev/shm", temporary != NULL && *temporary == '/' ? temporary : "/tmp", "/tmp"};
    uint64_t ticks = process_start_ticks();
    for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
        size_t at = put_text(path, 0, STORE_PATH_SIZE, parents[i]);
        at = put_text(path, at, STORE_PATH_SIZE, "/fdtrace-");
        at = put_number(path, at, STORE_PATH_SIZE, (uint64_t)raw(geteuid));
        at = put_text(path, at, STORE_PATH_SIZE, "-");
        at = put_number(path, at, STORE_PATH_SIZE, (uint64_t)raw(getpid));
        at = put_text(path, at, STORE_PATH_SIZE, "-");
        put_number(path, at, STORE_PATH_SIZE, ticks);
        if (folder_make(path))
            return true;
    }
    return false;
}

void folder_name_file(const char *folder, char path[STORE_PATH_SIZE], int pid, uint32_t image)
{
    size_t at = put_text(path, 0, STORE_PATH_SIZE, folder);
    at = put_text(path, at, STORE_PATH_SIZE, "/");
    at = put_number(path, at, STORE_PATH_SIZE, (uint64_t)pid);
    at = put_text(path, at, STORE_PATH_SIZE, ".");
    at = put_number(path, at, STORE_PATH_SIZE, image);
    put_text(path, at, STORE_PATH_SIZE, FDT_SUFFIX);
}
