/* See escape.h. */
#include "escape.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

size_t utf8_decode(const char *text, uint32_t *character)
{
    const unsigned char *byte = (const unsigned char *)text;
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000}; /* by length: less is an overlong form */
    size_t length = byte[0] < 0x80   ? 1
                    : byte[0] < 0xc2 ? 0
                    : byte[0] < 0xe0 ? 2
                    : byte[0] < 0xf0 ? 3
                    : byte[0] < 0xf5 ? 4
                                     : 0;
    if (length <= 1) {
        *character = byte[0];
        return length;
    }
    uint32_t sum = byte[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((byte[i] & 0xc0) != 0x80) /* the terminating NUL, too */
            return 0;
        sum = sum << 6 | (byte[i] & 0x3f);
    }
    if (sum < smallest[length] || sum > 0x10ffff || (sum >= 0xd800 && sum <= 0xdfff))
        return 0;
    *character = sum;
    return length;
}

/* C0, DEL, C1, the characters that change the order of, or hide, what stands around them, and what is none in XML. */
static bool is_unsafe(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0xad || character == 0x61c ||
           (character >= 0x200b && character <= 0x200f) || (character >= 0x2028 && character <= 0x202e) ||
           (character >= 0x2060 && character <= 0x206f) || character == 0xfeff ||
           character == 0xfffe || character == 0xffff || (character >= 0xe0000 && character <= 0xe007f);
}

/* What a line may begin with and still hold a command. Those that is_unsafe knows do not count. */
static bool is_blank(uint32_t character)
{
    return character == ' ' || character == 0x1680 || (character >= 0x2000 && character <= 0x200a) ||
           character == 0x205f || character == 0x3000;
}

/* Does a workflow command begin here? Functions of C++ do not: they have a name before the colons. */
static bool is_command(const char *text, bool after_blank)
{
    return strncmp(text, "##[", 3) == 0 ||
           (after_blank && strncmp(text, "::", 2) == 0 && isalpha((unsigned char)text[2]));
}

void escape_print(FILE *out, const char *text)
{
    bool blank = true;
    while (*text != '\0') {
        uint32_t character;
        size_t length = utf8_decode(text, &character);
        if (length == 0 || is_command(text, blank))
            fprintf(out, "\\x%02x", (unsigned char)*text);
        else if (!is_unsafe(character))
            fwrite(text, 1, length, out);
        else if (character == '\n' || character == '\t' || character == '\r')
            fputs(character == '\n' ? "\\n" : character == '\t' ? "\\t" : "\\r", out);
        else
            fprintf(out, character < 0x80 ? "\\x%02x" : "\\u{%x}", character);
        blank = length != 0 && is_blank(character);
        text += length != 0 ? length : 1;
    }
}

char *escape_text(const char *text)
{
    char *copy = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&copy, &size);
    if (out == NULL)
        return NULL;
    escape_print(out, text);
    if (fclose(out) == 0)
        return copy;
    free(copy);
    return NULL;
}

char *escape_utf8(const char *text)
{
    char *copy = malloc(strlen(text) * 4 + 1); /* "\xff" is the longest replacement of one byte */
    char *to = copy;
    if (copy == NULL)
        return NULL;
    while (*text != '\0') {
        uint32_t character;
        size_t length = utf8_decode(text, &character);
        if (length == 0) {
            to += sprintf(to, "\\x%02x", (unsigned char)*text++);
        } else {
            memcpy(to, text, length);
            to += length;
            text += length;
        }
    }
    *to = '\0';
    return copy;
}
