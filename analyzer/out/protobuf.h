/*
 * As much of protobuf's wire format as writing takes (https://protobuf.dev/programming-guides/encoding). A message is a
 * sequence of fields; each begins with a varint, number << 3 | wire type. Varints are seven bits a byte, lowest first,
 * the eighth bit set in all bytes but the last. A text or a message inside is its length and its bytes.
 */
#ifndef FDTRACE_OUT_PROTOBUF_H
#define FDTRACE_OUT_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct protobuf {
    unsigned char *bytes;
    size_t length, room;
    bool out_of_memory;
};

/* A field of an integer type (int64, uint64, bool). 0 is the default, and is not written. */
void protobuf_number(struct protobuf *message, unsigned field, uint64_t value);
/* A field of string or bytes; also written when it is empty: a repeated one has a place of its own. */
void protobuf_bytes(struct protobuf *message, unsigned field, const void *bytes, size_t length);
/* A repeated field of integers, packed. */
void protobuf_numbers(struct protobuf *message, unsigned field, const uint64_t *values, size_t count);
/* Appends inner as a field, and empties it for the next one. */
void protobuf_message(struct protobuf *message, unsigned field, struct protobuf *inner);
void protobuf_free(struct protobuf *message);

#endif
