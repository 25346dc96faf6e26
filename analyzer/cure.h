/* What to write so that a descriptor has close-on-exec from its birth. */
#ifndef FDTRACE_CURE_H
#define FDTRACE_CURE_H

/* For a public call name (or NULL): the call that sets the flag at birth, "accept4(..., SOCK_CLOEXEC)"; else fcntl. */
const char *cloexec_cure(const char *call);

#endif
