/*
 * Included before everything else (Makefile): what glibc's headers say and others do not, so that one source is right for
 * both. Linux has two C libraries that load a preloaded library: glibc, and musl.
 *
 * A function named here that this libc lacks is wrapped all the same: a newer libc may have it, bind.c finds out.
 */
#ifndef FDTRACE_WORLD_H
#define FDTRACE_WORLD_H

#ifndef __LP64__
#error "fdtrace is 64-bit: build it without -m32, for a 64-bit machine"
#endif

#include <features.h>
#include <stdint.h>

#ifndef __GLIBC__

#define __GLIBC_PREREQ(major, minor) 0

#include <aio.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* musl spells the functions of old programs for large files as macros; as symbols it has most of them, too. */
#undef aio_cancel64
#undef creat64
#undef fallocate64
#undef fopen64
#undef freopen64
#undef fstat64
#undef fstatat64
#undef fstatfs64
#undef fstatvfs64
#undef ftruncate64
#undef getdents64
#undef lockf64
#undef lseek64
#undef mkostemp64
#undef mkostemps64
#undef mkstemp64
#undef mkstemps64
#undef mmap64
#undef open64
#undef openat64
#undef posix_fadvise64
#undef posix_fallocate64
#undef pread64
#undef preadv64
#undef prlimit64
#undef pwrite64
#undef pwritev64
#undef readdir64
#undef sendfile64
#undef setrlimit64
#undef tmpfile64
extern __typeof__(aio_cancel) aio_cancel64;
extern __typeof__(creat) creat64;
extern __typeof__(fallocate) fallocate64;
extern __typeof__(fcntl) fcntl64;
extern __typeof__(fopen) fopen64;
extern __typeof__(freopen) freopen64;
extern __typeof__(fstat) fstat64;
extern __typeof__(fstatat) fstatat64;
extern __typeof__(fstatfs) fstatfs64;
extern __typeof__(fstatvfs) fstatvfs64;
extern __typeof__(ftruncate) ftruncate64;
ssize_t getdents64(int fd, void *buffer, size_t size);
extern __typeof__(lockf) lockf64;
extern __typeof__(lseek) lseek64;
extern __typeof__(mkostemp) mkostemp64;
extern __typeof__(mkostemps) mkostemps64;
extern __typeof__(mkstemp) mkstemp64;
extern __typeof__(mkstemps) mkstemps64;
extern __typeof__(mmap) mmap64;
extern __typeof__(open) open64;
extern __typeof__(openat) openat64;
extern __typeof__(posix_fadvise) posix_fadvise64;
extern __typeof__(posix_fallocate) posix_fallocate64;
extern __typeof__(pread) pread64;
extern __typeof__(preadv) preadv64;
extern __typeof__(prlimit) prlimit64;
extern __typeof__(pwrite) pwrite64;
extern __typeof__(pwritev) pwritev64;
extern __typeof__(readdir) readdir64;
extern __typeof__(sendfile) sendfile64;
extern __typeof__(setrlimit) setrlimit64;
extern __typeof__(tmpfile) tmpfile64;

/* Types that glibc's prototypes name. */
typedef int __rlimit_resource_t;
#define __SOCKADDR_ARG       struct sockaddr *__restrict
#define __CONST_SOCKADDR_ARG const struct sockaddr *

/* Of the kernel (asm-generic/socket.h): musl has the one of each pair that its time_t wants. */
#define SO_TIMESTAMP_OLD    29
#define SO_TIMESTAMPNS_OLD  35
#define SO_TIMESTAMPING_OLD 37
#define SO_TIMESTAMP_NEW    63
#define SO_TIMESTAMPNS_NEW  64
#define SO_TIMESTAMPING_NEW 65

#define __NFDBITS NFDBITS

/* Words that are signed in one world and unsigned in the other. */
typedef int ioctl_request_t;
typedef unsigned int mmsg_flags_t;
typedef unsigned long long fanotify_mask_t;
#define SOCKADDR_OF(address) (address)

/* Functions of glibc alone, and those that musl declares later than 1.2.3 (as these). */
struct epoll_event;
struct mount_attr;
struct sockaddr_in;
struct statx;
int bindresvport(int fd, struct sockaddr_in *address);
int close_range(unsigned first, unsigned last, int flags);
void closefrom(int first);
int epoll_pwait2(int fd, struct epoll_event *events, int room, const struct timespec *timeout, const sigset_t *mask);
int execveat(int folder, const char *path, char *const arguments[], char *const environment[], int flags);
int fsconfig(int fd, unsigned command, const char *key, const void *value, int extra);
int fsmount(int fd, unsigned flags, unsigned attributes);
int fsopen(const char *type, unsigned flags);
int fspick(int folder, const char *path, unsigned flags);
ssize_t getdirentries(int fd, char *buffer, size_t size, off_t *base);
ssize_t getdirentries64(int fd, char *buffer, size_t size, off_t *base);
int getpt(void);
int mount_setattr(int folder, const char *path, unsigned flags, struct mount_attr *attributes, size_t size);
int move_mount(int from, const char *path, int to, const char *target, unsigned flags);
int open_tree(int folder, const char *path, unsigned flags);
int pidfd_getfd(int fd, int target, unsigned flags);
int pidfd_open(pid_t pid, unsigned flags);
int pidfd_send_signal(int fd, int number, siginfo_t *info, unsigned flags);
ssize_t preadv2(int fd, const struct iovec *vector, int count, off_t offset, int flags);
ssize_t preadv64v2(int fd, const struct iovec *vector, int count, off_t offset, int flags);
ssize_t process_madvise(int fd, const struct iovec *vector, size_t count, int advice, unsigned flags);
int process_mrelease(int fd, unsigned flags);
ssize_t pwritev2(int fd, const struct iovec *vector, int count, off_t offset, int flags);
ssize_t pwritev64v2(int fd, const struct iovec *vector, int count, off_t offset, int flags);
int rcmd(char **host, unsigned short port, const char *from, const char *to, const char *command, int *second);
int rcmd_af(char **host, unsigned short port, const char *from, const char *to, const char *command, int *second,
            sa_family_t family);
int renameat2(int from, const char *old, int to, const char *new, unsigned flags);
int rexec(char **host, int port, const char *user, const char *password, const char *command, int *second);
int rexec_af(char **host, int port, const char *user, const char *password, const char *command, int *second,
             sa_family_t family);
int rresvport(int *port);
int rresvport_af(int *port, sa_family_t family);
int statx(int folder, const char *path, int flags, unsigned mask, struct statx *status);

#else

typedef unsigned long ioctl_request_t;
typedef int mmsg_flags_t;
typedef uint64_t fanotify_mask_t;
#define SOCKADDR_OF(address) (address).__sockaddr__ /* glibc's is a union of all kinds of addresses */

#endif

#endif
