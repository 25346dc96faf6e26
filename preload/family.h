/*
 * What a wrapper and the decoder of syscall() (wrap_raw.c) both know about a family of calls. Each function stands in
 * the family's own file, next to the wrappers, and is called after the real call with errno as that call left it.
 */
#ifndef FDTRACE_FAMILY_H
#define FDTRACE_FAMILY_H

#include "passage.h"
#include "record.h"

#include <sys/socket.h>
#include <sys/uio.h>

/* wrap_file.c. Whether open(2) has its third argument, and what can be told from the flags about what was opened. */
bool open_has_mode(int flags);
uint8_t open_kind(int flags);

/* wrap_pipe.c. A call that fills an array of two: the array is only valid on success. */
void pair_born(const struct call *call, int answer, const int pair[2], const struct birth *birth);

/* wrap_socket.c. name_told: bind or connect; length is the address's own, as given by the program. */
uint8_t socket_kind(int domain);
void name_told(const struct call *call, int answer, int fd, const struct sockaddr *address, socklen_t length);
void accepted(const struct call *call, int answer, int listener, bool cloexec, const char *peer);
void sockopt_got(const struct call *call, int answer, int fd, int level, int option, const void *value);

/* wrap_rights.c. message_sending before the call: the time, where descriptors may travel, else 0. */
uint64_t message_sending(int fd);
void message_sent(const struct call *call, long answer, uint64_t ns, int fd, const struct msghdr *message);
void messages_sent(const struct call *call, int answer, uint64_t ns, int fd, const struct mmsghdr *messages,
                   unsigned int count);
void message_received(const struct call *call, long answer, int fd, const struct msghdr *message, int flags);

/* wrap_flags.c. word is fd_word(fd) from before the call (for ioctl only where ioctl_flags asks for it, else 0). */
bool ioctl_flags(unsigned long request);
void fcntl_done(const struct call *call, int answer, int fd, int command, uintptr_t argument, uint64_t word);
void ioctl_done(const struct call *call, int answer, int fd, unsigned long request, uintptr_t argument, uint64_t word);

/* wrap_exec.c. syscall(SYS_execveat, ...), and SYS_execve, which is the same from AT_FDCWD with no flags. */
int exec_raw(const struct call *call, int fd, const char *path, char *const argv[], char *const envp[], int flags);

/*
 * wrap_spawn.c. A command that libc gives to /bin/sh: before the call (false: not recorded), and after it has started one.
 * closes_streams: as popen does in its child, to the other streams it has made.
 */
bool shell_begins(struct passage *passage, const struct call *call, const char *command);
void shell_ran(const struct passage *passage, bool closes_streams);

/*
 * wrap_read.c. Reads that return descriptors inside their data: a fanotify group's events, a userfaultfd's forks.
 * reads_bear is set by the birth of the first such descriptor, so that every other program pays one test.
 */
extern bool reads_bear;
void read_bore(const struct call *call, int fd, const struct iovec *vector, int count, size_t size);

#endif
