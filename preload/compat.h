/*
 * What the installed headers may lack: prototypes of names that libc exports without declaring them, and constants of
 * kernels newer than the headers. A function declared as `extern __typeof__(open) __open` has open's own prototype.
 */
#ifndef FDTRACE_COMPAT_H
#define FDTRACE_COMPAT_H

#include <dirent.h>
#include <fcntl.h>
#include <features.h>
#include <mntent.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* openat2 came with glibc 2.43; before that the structure comes from the kernel's header. */
#if !__GLIBC_PREREQ(2, 43)
#include <linux/openat2.h>
int openat2(int fd, const char *path, const struct open_how *how, size_t size);
#endif

/* Second names of public functions. */
extern __typeof__(open) __open, __open64;
extern __typeof__(read) __read;
extern __typeof__(write) __write;
extern __typeof__(lseek) __lseek;
extern __typeof__(send) __send;
extern __typeof__(pread64) __pread64;
extern __typeof__(pwrite64) __pwrite64;
extern __typeof__(close) __close;
extern __typeof__(dup2) __dup2;
extern __typeof__(pipe) __pipe;
extern __typeof__(fcntl) __fcntl;
extern __typeof__(connect) __connect;
extern __typeof__(fopen) _IO_fopen;
extern __typeof__(fdopen) _IO_fdopen;
extern __typeof__(fclose) _IO_fclose;
extern __typeof__(popen) _IO_popen;
extern __typeof__(setmntent) __setmntent;
extern __typeof__(endmntent) __endmntent;

/* What a call is compiled to under _FORTIFY_SOURCE. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int fd, const char *path, int flags);
int __openat64_2(int fd, const char *path, int flags);
mqd_t __mq_open_2(const char *name, int flags);
ssize_t __read_chk(int fd, void *buffer, size_t size, size_t room);
ssize_t __pread_chk(int fd, void *buffer, size_t size, off_t offset, size_t room);
ssize_t __pread64_chk(int fd, void *buffer, size_t size, off64_t offset, size_t room);
ssize_t __recv_chk(int fd, void *buffer, size_t size, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *__restrict buffer, size_t size, size_t room, int flags, __SOCKADDR_ARG address,
                       socklen_t *__restrict length);
ssize_t __readlinkat_chk(int fd, const char *__restrict path, char *__restrict buffer, size_t size, size_t room);
int __ptsname_r_chk(int fd, char *buffer, size_t size, size_t room);
int __dprintf_chk(int fd, int flag, const char *format, ...);
int __vdprintf_chk(int fd, int flag, const char *format, va_list list);

#ifndef __GLIBC__
int getipv4sourcefilter(int fd, struct in_addr interface, struct in_addr group, uint32_t *mode, uint32_t *count,
                        struct in_addr *sources);
int setipv4sourcefilter(int fd, struct in_addr interface, struct in_addr group, uint32_t mode, uint32_t count,
                        const struct in_addr *sources);
int getsourcefilter(int fd, uint32_t interface, const struct sockaddr *group, socklen_t length, uint32_t *mode,
                    uint32_t *count, struct sockaddr_storage *sources);
int setsourcefilter(int fd, uint32_t interface, const struct sockaddr *group, socklen_t length, uint32_t mode,
                    uint32_t count, const struct sockaddr_storage *sources);
#endif

/* select and the check behind FD_SET. */
int __select(int count, fd_set *in, fd_set *out, fd_set *exceptional, struct timeval *timeout);
long __fdelt_chk(long fd);
long __fdelt_warn(long fd);
/* fstat and fstatat before glibc 2.33. */
int __fxstat(int version, int fd, struct stat *status);
int __fxstat64(int version, int fd, struct stat64 *status);
int __fxstatat(int version, int fd, const char *path, struct stat *status, int flags);
int __fxstatat64(int version, int fd, const char *path, struct stat64 *status, int flags);
/* mknodat before glibc 2.33. */
int __xmknodat(int version, int fd, const char *path, mode_t mode, dev_t *device);

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2) /* Linux 5.11 */
#endif
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77               /* Linux 6.5 */
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 4                   /* Linux 6.5 */
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447          /* Linux 5.14 */
#endif
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467        /* Linux 6.15 */
#endif

#endif
