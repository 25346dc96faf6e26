/*
 * A socket address as text: "127.0.0.1:80", "[::1]:80", "[fe80::1%2]:80", "unix:/run/x", "unix:@abstract".
 * Without stdio or inet_ntop, because bind and accept may be called in a signal handler.
 */
#ifndef FDTRACE_ADDRESS_H
#define FDTRACE_ADDRESS_H

#include <sys/socket.h>

/* The longest: "unix:" and the 108 bytes of sun_path, NUL included. */
#define ADDRESS_SIZE 128

/* Writes to text and returns it; NULL when the address is empty, cut, or of a family without a text form. */
const char *address_text(char text[ADDRESS_SIZE], const struct sockaddr *address, socklen_t length);

/* The same for what accept filled in: the caller gave room bytes, the kernel wants length and wrote what fits. */
const char *address_received(char text[ADDRESS_SIZE], const struct sockaddr *address, socklen_t room,
                             const socklen_t *length);

#endif
