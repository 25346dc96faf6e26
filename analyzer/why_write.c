/* What fdtrace why says, as text and as JSON. See why.h. */
#include "why.h"

#include "escape.h"
#include "out/json_values.h"
#include "out/story.h"
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

static const char *access_name(unsigned flags)
{
    return (flags & O_PATH) != 0                    ? "path"
           : (flags & O_ACCMODE) == O_RDONLY ? "read"
           : (flags & O_ACCMODE) == O_WRONLY ? "write"
                                             : "read+write";
}

static bool is_pipe(const struct why *why)
{
    return why->descriptor->kind == FDT_PIPE || why->descriptor->kind == FDT_FIFO;
}

static bool is_reader(const struct why *why)
{
    return (why->descriptor->flags & O_ACCMODE) == O_RDONLY;
}

/* The sentence people came for. Empty: nothing is to be said but who holds it. */
static void explain(FILE *out, const struct why *why)
{
    size_t blockers = 0, same = 0, own = 0;
    int own_fd = -1;
    for (size_t i = 0; i < why->count; i++) {
        const struct why_holder *holder = &why->holders[i];
        blockers += holder->blocks;
        same += holder->same == WHY_DESCRIPTION;
        if (holder->blocks && holder->pid == why->live.pid) {
            own++;
            own_fd = holder->fd;
        }
    }
    if (is_pipe(why) && is_reader(why)) {
        if (blockers == 0)
            fputs("nobody holds the write end: reading finds the end of the pipe", out);
        else
            fprintf(out, "reading finds no end before the write end has been closed in %zu place%s", blockers,
                    blockers > 1 ? "s" : "");
        if (own > 0)
            fprintf(out, "; process %d waits for itself: it holds the write end as descriptor %d", why->live.pid, own_fd);
    } else if (is_pipe(why)) {
        fprintf(out, blockers == 0 ? "nobody reads: writing raises SIGPIPE" : "%zu place%s can read what is written",
                blockers, blockers > 1 ? "s" : "");
    } else if (why->descriptor->kind >= FDT_SOCKET_INET && why->descriptor->kind <= FDT_SOCKET_OTHER) {
        fprintf(out, "the socket%s%s stays open until %s", why->descriptor->name[0] != '\0' ? " " : "",
                why->descriptor->name, same > 1 ? "the last of its copies is closed" : "this descriptor is closed");
    } else if (why->descriptor->deleted) {
        fputs("the file has been deleted; its space is freed when the last of them is closed", out);
    }
}

static void put_explanation(FILE *out, const struct why *why)
{
    char *text = NULL;
    size_t size = 0;
    FILE *words = open_memstream(&text, &size);
    if (words == NULL)
        return;
    explain(words, why);
    fclose(words);
    if (size > 0) {
        fputs("  = ", out);
        escape_print(out, text);
        putc('\n', out);
    }
    free(text);
}

static void put_holder(FILE *out, const struct why *why, const struct why_holder *holder)
{
    fprintf(out, "  %s %d of process %d (", holder->blocks ? "->" : "  ", holder->fd, holder->pid);
    escape_print(out, holder->exe[0] != '\0' ? path_last(holder->exe) : "?");
    fprintf(out, "): %s%s%s\n", access_name(holder->flags),
            holder == why->holders ? ", the one asked about" : "",
            holder->same == WHY_FILE ? ", the same file, opened on its own or not to be compared" : "");
    if (!holder->traced) {
        fputs("        not traced: how it came here is not known\n", out);
        return;
    }
    story_ways(out, &holder->trace, "        ", "\n");
    fputs("        ", out);
    if (!story_birth(out, &holder->trace))
        fputs("it was there before the recording began", out);
    putc('\n', out);
}

void why_write_text(FILE *out, const struct why *why)
{
    const struct live_descriptor *asked = why->descriptor;
    fprintf(out, "descriptor %d of process %d (", asked->fd, why->live.pid);
    escape_print(out, path_last(why->live.exe));
    fprintf(out, "): %s", kind_name(asked->kind));
    if (is_pipe(why))
        fprintf(out, ", its %s end", is_reader(why) ? "read" : "write");
    fputs(", ", out);
    escape_print(out, asked->name);
    fputs(asked->deleted ? " (deleted)\n" : "\n", out);
    put_explanation(out, why);
    fprintf(out, "held by %zu descriptor%s:\n", why->count, why->count != 1 ? "s" : "");
    for (size_t i = 0; i < why->count; i++)
        put_holder(out, why, &why->holders[i]);
    if (why->unseen > 0)
        fprintf(out, "%zu process%s of other users could not be looked into; root sees them all\n", why->unseen,
                why->unseen > 1 ? "es" : "");
}

static json_t *holder_value(const struct why_holder *holder)
{
    static const char *const sames[] = {"description", "other-end", "file"};
    json_t *value = json_pack("{s:i, s:i, s:o, s:s, s:s, s:b, s:b}", "pid", holder->pid, "fd", holder->fd, "exe",
                              json_of_text(holder->exe), "access", access_name(holder->flags), "same",
                              sames[holder->same], "blocks", holder->blocks, "traced", holder->traced);
    if (value != NULL && holder->traced)
        json_object_set_new(value, "descriptor", json_of_descriptor(&holder->trace));
    return value;
}

int why_write_json(FILE *out, const struct why *why)
{
    char *text = NULL;
    size_t size = 0;
    FILE *words = open_memstream(&text, &size);
    if (words == NULL)
        return -ENOMEM;
    explain(words, why);
    fclose(words);
    json_t *holders = json_array();
    for (size_t i = 0; i < why->count; i++)
        json_array_append_new(holders, holder_value(&why->holders[i]));
    json_t *value = json_pack("{s:s, s:i, s:o, s:i, s:s, s:o, s:s, s:o, s:o, s:I}", "schema", "fdtrace-why/1", "pid",
                              why->live.pid, "exe", json_of_text(why->live.exe), "fd", why->descriptor->fd, "kind",
                              kind_name(why->descriptor->kind), "name", json_of_text(why->descriptor->name), "access",
                              access_name(why->descriptor->flags), "explanation", json_of_text(text), "holders",
                              holders, "unseen_processes", (json_int_t)why->unseen);
    free(text);
    int result = json_print(out, value);
    putc('\n', out);
    return result;
}
