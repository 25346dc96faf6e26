/*
 * The kernel's clock without libc. Programs bring a clock_gettime of their own (libfaketime does), which may go
 * backwards, and may open files: a guest that asked it for the time of an open would be told anything, or never come
 * back.
 */
#ifndef FDTRACE_VDSO_H
#define FDTRACE_VDSO_H

#include <time.h>

/*
 * clock_gettime(2) as the kernel answers it, through the vDSO where there is one, else by a system call. A clock the
 * kernel does not know reads as 0. Async-signal-safe, from any thread; leaves errno alone.
 */
struct timespec vdso_time(clockid_t clock);

#endif
