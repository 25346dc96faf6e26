/*
 * Ways out that run no handlers. exit and main's return reach us through on_exit (end.c). A thread's exit, abort and fatal
 * signals leave what is in the segment; there is nothing to add.
 */
#include "end.h"
#include "hook.h"
#include "process.h"

#include <stdlib.h>
#include <unistd.h>

HOOK(_exit, "_exit");
EXPORT void _exit(int status)
{
    status = process_end(status);
    REAL(_exit)(status);
    __builtin_unreachable();
}

HOOK(_Exit, "_Exit");
EXPORT void _Exit(int status)
{
    status = process_end(status);
    REAL(_Exit)(status);
    __builtin_unreachable();
}

#ifndef __GLIBC__
/* glibc tells its exit handlers the status, musl does not. */
HOOK(exit, "exit");
EXPORT void exit(int status)
{
    end_quick_status(status);
    REAL(exit)(status);
    __builtin_unreachable();
}
#endif

HOOK(quick_exit, "quick_exit");
EXPORT void quick_exit(int status)
{
    end_quick_status(status);
    REAL(quick_exit)(status);
    __builtin_unreachable();
}
