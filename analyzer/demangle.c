/*
 * Demangling through libiberty. Its callbacks are used rather than its strings, because a short hostile name can
 * stand for an enormous text (each S_ substitution may double it): the callback stops the demangler as soon as the
 * text is too long.
 */
#include "demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char ELLIPSIS[] = "...";

/* Where the demangler writes. It only ever appends. */
struct sink {
    jmp_buf full;
    size_t length;
    char text[DEMANGLED_MAX + sizeof(ELLIPSIS)];
};

typedef int demangler(const char *mangled, int options, demangle_callbackref callback, void *opaque);

/* Leaves by longjmp: the demangler offers no other way to stop it. It keeps its state on the stack. */
static void append(const char *text, size_t length, void *opaque)
{
    struct sink *sink = opaque;
    size_t room = DEMANGLED_MAX - sink->length;
    memcpy(sink->text + sink->length, text, length < room ? length : room);
    sink->length += length < room ? length : room;
    if (length > room)
        longjmp(sink->full, 1);
}

static bool demangled_by(demangler *demangler, const char *mangled, struct sink *sink)
{
    sink->length = 0;
    if (setjmp(sink->full) != 0) {
        memcpy(sink->text + sink->length, ELLIPSIS, sizeof(ELLIPSIS));
        return true;
    }
    if (!demangler(mangled, DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP, append, sink))
        return false;
    sink->text[sink->length] = '\0';
    return sink->length > 0;
}

/* Without its version, and no longer than is good for a reader. Name is not empty. */
static char *shortened(const char *name)
{
    size_t length = strnlen(name, DEMANGLED_MAX + 1);
    const char *version = memchr(name + 1, '@', length - 1);
    if (version != NULL)
        return strndup(name, (size_t)(version - name));
    char *text = malloc(DEMANGLED_MAX + sizeof(ELLIPSIS));
    if (text == NULL)
        return NULL;
    size_t kept = length < DEMANGLED_MAX ? length : DEMANGLED_MAX;
    memcpy(text, name, kept);
    memcpy(text + kept, length > kept ? ELLIPSIS : "", length > kept ? sizeof(ELLIPSIS) : 1);
    return text;
}

char *demangle(const char *name)
{
    if (name[0] == '\0')
        return NULL;
    char *plain = NULL;
    size_t length = strnlen(name, DEMANGLED_MAX + 1);
    if (length > DEMANGLED_MAX || memchr(name + 1, '@', length - 1) != NULL) {
        plain = shortened(name);
        if (plain == NULL)
            return NULL;
        name = plain;
    }
    struct sink *sink = name[0] == '_' ? malloc(sizeof(*sink)) : NULL;
    if (sink == NULL)
        return plain;
    /* Rust first: its legacy names are C++ names too, with a hash as the last word. */
    char *readable = NULL;
    if (demangled_by(rust_demangle_callback, name, sink) || demangled_by(cplus_demangle_v3_callback, name, sink))
        readable = strdup(sink->text);
    free(sink);
    if (readable == NULL)
        return plain;
    free(plain);
    return readable;
}
