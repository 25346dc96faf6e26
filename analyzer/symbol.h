/*
 * From an address of a program or library to function, file and line.
 *
 * Nouns
 *   module         an ELF file as a trace names it: a path and, if it had one, a build id.
 *   return address where a call goes back to: one past the call. What is looked up is the byte before it, because a
 *                  call can be the last instruction of its line, of its block or even of its function.
 *   inlined frame  a call the compiler replaced by the body of the function: no return address, yet a source line.
 *
 * What is known about a file comes from, in this order: its debug information; debug information kept apart, found
 * by build id or debug link below /usr/lib/debug (and from a server, if the user names one in DEBUGINFOD_URLS); its
 * symbol table; the names it exports. A file that is gone, is not ELF, is damaged, or has another build id than the
 * trace says has no symbols: rather none than wrong ones.
 */
#ifndef FDTRACE_SYMBOL_H
#define FDTRACE_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbols;

struct symbol_frame {
    const char *function; /* demangled; NULL: only the line is known       */
    const char *file;     /* with its folder, if known; NULL: unknown      */
    unsigned line;        /* 0: unknown                                    */
    bool inlined;         /* into the function of the frame that follows   */
};

/* An empty cache of modules, which are opened once, when first asked about. NULL: no memory. One thread at a time. */
struct symbols *symbols_new(void);
void symbols_free(struct symbols *symbols);

/*
 * Looks up a return address. offset is the return address minus the load bias of the module, that is, an address as
 * the ELF file itself counts them. id is the build id the traced process saw; id_length 0: it saw none, and none is
 * compared.
 *
 * Fills frames with up to max, innermost first: the inlined calls, then the function that was really called, which
 * is always the last. Returns how many; 0: nothing is known. Texts live as long as symbols.
 *
 * path is opened as it stands, so it has to be absolute; "" and "[vdso]" know nothing.
 */
size_t symbols_find(struct symbols *symbols, const char *path, const uint8_t *id, size_t id_length, uint64_t offset,
                    struct symbol_frame *frames, size_t max);

#endif
