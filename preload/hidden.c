/* What libc keeps for itself. See hidden.h. */
#include "hidden.h"

#include "filter.h"
#include "process.h"
#include "raw.h"
#include "say.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

bool hidden_may_be(uint64_t word, const struct fdt_life *life)
{
    if (!(word & FDT_LIVE) || (word & FDT_ADOPTED))
        return true;
    /* What came across an exec is not close-on-exec, unless the program made it so itself. */
    return (word & (FDT_INHERITED | FDT_CLOEXEC | FDT_FLAG_SET)) == (FDT_INHERITED | FDT_CLOEXEC) &&
           life->call == FDT_NO_CALL && life->root_pid == 0;
}

bool hidden_file(const char *path)
{
    static const char *const files[] = {
#define FDT_HIDDEN_FILE(path) path,
#define FDT_HIDDEN_SOCKET(address, owner)
#include "fdtrace/hidden.def"
#undef FDT_HIDDEN_FILE
#undef FDT_HIDDEN_SOCKET
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (strcmp(path, files[i]) == 0)
            return true;
    return false;
}

static bool ask_socket(int fd, struct fdt_life *life)
{
    static const struct { const char *address; uint8_t owner; } sockets[] = {
#define FDT_HIDDEN_FILE(path)
#define FDT_HIDDEN_SOCKET(address, owner) {address, FDT_OWNER_##owner},
#include "fdtrace/hidden.def"
#undef FDT_HIDDEN_FILE
#undef FDT_HIDDEN_SOCKET
    };
    struct sockaddr_un peer = {0};
    socklen_t size = sizeof(peer) - 1; /* so that a path always ends with NUL */
    if (raw(getpeername, fd, &peer, &size) != 0 || peer.sun_family != AF_UNIX)
        return false;
    for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++)
        if (strcmp(peer.sun_path, sockets[i].address) == 0) {
            life->kind = FDT_SOCKET_UNIX;
            life->owner = sockets[i].owner;
            memcpy(life->name, peer.sun_path, sizeof(peer.sun_path));
            return true;
        }
    return false;
}

bool hidden_ask(int fd, struct fdt_life *life)
{
    if (filter_known() || raw_getfd(fd) != FD_CLOEXEC)
        return false;
    struct line path = {.length = 0};
    memset(life, 0, sizeof(*life));
    life->call = FDT_NO_CALL;
    life->from = -1;
    line_text(&path, process_fd_folder());
    line_number(&path, fd);
    path.text[path.length] = '\0';
    long length = raw(readlinkat, AT_FDCWD, path.text, life->name, FDT_NAME_SIZE - 1);
    life->name[length > 0 ? length : 0] = '\0';
    if (strncmp(life->name, "socket:", 7) == 0)
        return ask_socket(fd, life);
    life->kind = FDT_FILE;
    return hidden_file(life->name);
}
