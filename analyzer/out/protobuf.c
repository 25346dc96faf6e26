/* See protobuf.h. */
#include "out/protobuf.h"

#include <stdlib.h>
#include <string.h>

enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

static void append(struct protobuf *message, const void *bytes, size_t length)
{
    if (message->length + length > message->room) {
        size_t room = (message->length + length) * 2 + 64;
        unsigned char *bigger = realloc(message->bytes, room);
        if (bigger == NULL) {
            message->out_of_memory = true;
            return;
        }
        message->bytes = bigger;
        message->room = room;
    }
    if (length > 0)
        memcpy(message->bytes + message->length, bytes, length);
    message->length += length;
}

static void varint(struct protobuf *message, uint64_t value)
{
    unsigned char bytes[10];
    size_t length = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[length++] = (unsigned char)(value | 0x80);
    bytes[length++] = (unsigned char)value;
    append(message, bytes, length);
}

void protobuf_number(struct protobuf *message, unsigned field, uint64_t value)
{
    if (value == 0)
        return;
    varint(message, (uint64_t)field << 3 | WIRE_VARINT);
    varint(message, value);
}

void protobuf_bytes(struct protobuf *message, unsigned field, const void *bytes, size_t length)
{
    varint(message, (uint64_t)field << 3 | WIRE_BYTES);
    varint(message, length);
    append(message, bytes, length);
}

void protobuf_message(struct protobuf *message, unsigned field, struct protobuf *inner)
{
    protobuf_bytes(message, field, inner->bytes, inner->length);
    message->out_of_memory |= inner->out_of_memory;
    inner->length = 0;
}

void protobuf_numbers(struct protobuf *message, unsigned field, const uint64_t *values, size_t count)
{
    struct protobuf packed = {0};
    for (size_t i = 0; i < count; i++)
        varint(&packed, values[i]);
    protobuf_message(message, field, &packed);
    protobuf_free(&packed);
}

void protobuf_free(struct protobuf *message)
{
    free(message->bytes);
    *message = (struct protobuf){0};
}
