/* Sockets of a running process: their families and addresses, from the tables in /proc/PID/net. */
#ifndef FDTRACE_LIVE_SOCKETS_H
#define FDTRACE_LIVE_SOCKETS_H

#include "fdtrace/segment.h"

#include <sys/types.h>

struct socket_entry;

/* The tables of one network namespace, by inode. NULL is an empty one. */
struct live_sockets {
    struct socket_entry *entries;
};

/* Reads the tables below the directory process (/proc/PID). What cannot be read or understood is left out. */
void live_sockets_read(struct live_sockets *sockets, int process);
void live_sockets_free(struct live_sockets *sockets);

/*
 * The kind of the socket with that inode, and its address in *name: "127.0.0.1:80", "127.0.0.1:1 -> 127.0.0.1:2",
 * "unix:/path", or NULL when it has none. FDT_KIND_COUNT when no table has it: it was never bound nor connected.
 */
enum fdt_kind live_sockets_find(const struct live_sockets *sockets, ino_t inode, const char **name);

/* The family of a socket in none of the tables, by what the kernel calls its protocol; path leads to fd/N. */
enum fdt_kind live_sockets_family(const char *path);

#endif
