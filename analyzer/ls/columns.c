/*
 * The columns of `fdtrace ls`: one table, from which text, JSON and --help are made. See ls.h.
 *
 * A column prints raw text, because names come from the traced program: whoever writes it out escapes it.
 */
#include "ls/ls.h"

#include "out/json_values.h"
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool has_birth(const struct ls_row *row)
{
    return row->traced && row->trace.life->ns != 0;
}

static void fd_text(FILE *out, const struct ls_row *row)
{
    fprintf(out, "%d", row->fd);
}

static json_t *fd_json(const struct ls_row *row)
{
    return json_integer(row->fd);
}

static void kind_text(FILE *out, const struct ls_row *row)
{
    fputs(kind_name(row->kind), out);
}

static json_t *kind_json(const struct ls_row *row)
{
    return json_string(kind_name(row->kind));
}

static void state_text(FILE *out, const struct ls_row *row)
{
    fputs(ls_tag_name(row->tag), out);
}

static json_t *state_json(const struct ls_row *row)
{
    return json_string(ls_tag_name(row->tag));
}

static void name_text(FILE *out, const struct ls_row *row)
{
    fputs(row->name, out);
    if (row->kernel != NULL && row->kernel->deleted)
        fputs(" (deleted)", out);
    if (row->tag == LS_REPLACED && row->trace.life->name[0] != '\0')
        fprintf(out, " (opened as %s)", row->trace.life->name);
}

static json_t *name_json(const struct ls_row *row)
{
    return json_of_text(row->name);
}

static void given_text(FILE *out, const struct ls_row *row)
{
    if (row->traced)
        fputs(row->trace.life->name, out);
}

static json_t *given_json(const struct ls_row *row)
{
    return json_of_text(row->traced && row->trace.life->name[0] != '\0' ? row->trace.life->name : NULL);
}

static bool is_cloexec(const struct ls_row *row)
{
    return row->kernel != NULL ? (row->kernel->flags & O_CLOEXEC) != 0 : (row->trace.state & FDT_CLOEXEC) != 0;
}

static void cloexec_text(FILE *out, const struct ls_row *row)
{
    fputs(is_cloexec(row) ? "yes" : "no", out);
}

static json_t *cloexec_json(const struct ls_row *row)
{
    return json_boolean(is_cloexec(row));
}

/* O_SYNC holds O_DSYNC: the longer one comes first. O_LARGEFILE says nothing on 64 bits. */
static const struct { unsigned flag; const char *name; } flag_names[] = {
    {O_CLOEXEC, "cloexec"}, {O_NONBLOCK, "nonblock"}, {O_APPEND, "append"}, {O_PATH, "path"}, {O_DIRECT, "direct"},
    {O_SYNC, "sync"}, {O_DSYNC, "dsync"}, {O_TMPFILE, "tmpfile"}, {O_ASYNC, "async"}, {O_NOATIME, "noatime"},
};

/* Each flag by name, in turn. */
static void each_flag(const struct ls_row *row, void (*take)(void *data, const char *name), void *data)
{
    static const char *const modes[] = {[O_RDONLY] = "read", [O_WRONLY] = "write", [O_RDWR] = "read+write", "ioctl"};
    if (row->kernel == NULL)
        return;
    unsigned flags = row->kernel->flags;
    if ((flags & O_PATH) == 0) /* which can do neither */
        take(data, modes[flags & O_ACCMODE]);
    for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++) {
        if ((flags & flag_names[i].flag) != flag_names[i].flag)
            continue;
        take(data, flag_names[i].name);
        flags &= ~flag_names[i].flag;
    }
}

static void take_text(void *data, const char *name)
{
    FILE *out = data;
    if (ftell(out) > 0)
        putc(',', out);
    fputs(name, out);
}

static void flags_text(FILE *out, const struct ls_row *row)
{
    each_flag(row, take_text, out);
}

static void take_json(void *data, const char *name)
{
    json_array_append_new(data, json_string(name));
}

static json_t *flags_json(const struct ls_row *row)
{
    json_t *flags = json_array();
    each_flag(row, take_json, flags);
    return flags;
}

static const char *call_of(const struct ls_row *row)
{
    return row->traced ? descriptor_call(&row->trace) : NULL;
}

static void call_text(FILE *out, const struct ls_row *row)
{
    const char *call = call_of(row);
    fputs(call != NULL ? call : row->traced && (row->trace.state & FDT_INHERITED) != 0 ? "(inherited)" : "", out);
}

static json_t *call_json(const struct ls_row *row)
{
    return json_of_text(call_of(row));
}

static void owner_text(FILE *out, const struct ls_row *row)
{
    fputs(row->traced ? owner_name(row->trace.life->owner) : "none", out);
}

static json_t *owner_json(const struct ls_row *row)
{
    return json_string(row->traced ? owner_name(row->trace.life->owner) : "none");
}

static void born_text(FILE *out, const struct ls_row *row)
{
    if (has_birth(row))
        fprintf(out, "%.6f", model_seconds(row->trace.image, row->trace.life->ns));
}

static json_t *born_json(const struct ls_row *row)
{
    return has_birth(row) ? json_real(model_seconds(row->trace.image, row->trace.life->ns)) : json_null();
}

/* As people say it: 0.25s, 12s, 5m03s, 2h10m, 3d04h. */
static void duration_text(FILE *out, double age)
{
    unsigned long long whole = (unsigned long long)age;
    if (age < 10)
        fprintf(out, "%.2fs", age);
    else if (whole < 60)
        fprintf(out, "%llus", whole);
    else if (whole < 3600)
        fprintf(out, "%llum%02llus", whole / 60, whole % 60);
    else if (whole < 86400)
        fprintf(out, "%lluh%02llum", whole / 3600, whole / 60 % 60);
    else
        fprintf(out, "%llud%02lluh", whole / 86400, whole / 3600 % 24);
}

static void age_text(FILE *out, const struct ls_row *row)
{
    if (has_birth(row))
        duration_text(out, descriptor_age(&row->trace));
}

static json_t *age_json(const struct ls_row *row)
{
    return has_birth(row) ? json_real(descriptor_age(&row->trace)) : json_null();
}

/* The time since; "never"; nothing where that is not known. */
static void last_used_text(FILE *out, const struct ls_row *row)
{
    double used;
    enum descriptor_use use = row->traced ? descriptor_use(&row->trace, &used) : USE_UNKNOWN;
    if (use == USE_NEVER)
        fputs("never", out);
    if (use != USE_TIMED)
        return;
    double idle = model_seconds(row->trace.image, row->trace.image->end_ns) - used;
    duration_text(out, idle > 0 ? idle : 0);
}

/* Seconds from the program's start; false: never; null: not known. */
static json_t *last_used_json(const struct ls_row *row)
{
    double used;
    enum descriptor_use use = row->traced ? descriptor_use(&row->trace, &used) : USE_UNKNOWN;
    return use == USE_TIMED ? json_real(used) : use == USE_NEVER ? json_false() : json_null();
}

static bool has_thread(const struct ls_row *row)
{
    return row->traced && row->trace.life->tid > 0;
}

static void thread_text(FILE *out, const struct ls_row *row)
{
    if (has_thread(row))
        fprintf(out, "%d", (int)row->trace.life->tid);
}

static json_t *thread_json(const struct ls_row *row)
{
    return has_thread(row) ? json_integer(row->trace.life->tid) : json_null();
}

/* load conn.c:88, else libfoo.so+0x1234. */
static void where_text(FILE *out, const struct ls_row *row)
{
    const struct model_frame *frame = row->where;
    if (frame == NULL)
        return;
    if (frame->function != NULL)
        fprintf(out, "%s ", frame->function);
    if (frame->file != NULL && frame->line != 0)
        fprintf(out, "%s:%u", path_last(frame->file), frame->line);
    else if (frame->file != NULL)
        fputs(path_last(frame->file), out);
    else
        fprintf(out, "%s+0x%llx", frame->module != NULL ? path_last(frame->module) : "",
                (unsigned long long)frame->offset);
}

static json_t *where_json(const struct ls_row *row)
{
    const struct model_frame *frame = row->where;
    if (frame == NULL)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "function", json_of_text(frame->function), "file",
                     json_of_text(frame->file), "line", frame->line != 0 ? json_integer(frame->line) : json_null(),
                     "module", json_of_text(frame->module), "build_id", json_of_text(frame->build_id), "offset",
                     json_of_number(frame->offset), "inlined", frame->inlined);
}

static void lineage_text(FILE *out, const struct ls_row *row)
{
    if (!row->traced)
        return;
    if ((row->trace.state & FDT_INHERITED) != 0)
        fputs("inherited", out);
    else if (row->trace.life->from >= 0)
        fprintf(out, "from %d", (int)row->trace.life->from);
}

/* A recording read alone does not have the images before it: what is known of them stands in its header. */
static json_t *lineage_json(const struct ls_row *row)
{
    json_t *whole = row->traced ? json_of_descriptor(&row->trace) : NULL;
    json_t *lineage = whole != NULL ? json_incref(json_object_get(whole, "lineage")) : json_array();
    json_decref(whole);
    if (row->traced && (row->trace.state & FDT_INHERITED) != 0 && json_array_size(lineage) == 0) {
        int pid = row->trace.image->segment->header.predecessor_pid;
        json_array_append_new(lineage, json_pack("{s:s, s:o}", "how", "inherit", "pid",
                                                 pid > 0 ? json_integer(pid) : json_null()));
    }
    return lineage;
}

static void inode_text(FILE *out, const struct ls_row *row)
{
    if (row->kernel != NULL)
        fprintf(out, "%llu", (unsigned long long)row->kernel->inode);
}

static json_t *inode_json(const struct ls_row *row)
{
    return row->kernel != NULL ? json_of_number(row->kernel->inode) : json_null();
}

static void deleted_text(FILE *out, const struct ls_row *row)
{
    fputs(row->kernel != NULL && row->kernel->deleted ? "yes" : "no", out);
}

static json_t *deleted_json(const struct ls_row *row)
{
    return json_boolean(row->kernel != NULL && row->kernel->deleted);
}

const struct ls_column ls_columns[] = {
    {"FD", "fd", 3, true, LS_ALWAYS, "number", fd_text, fd_json},
    {"KIND", "kind", 8, false, LS_ALWAYS, "what the kernel object is", kind_text, kind_json},
    {"STATE", "state", 9, false, LS_TRACED, "how trace and kernel go together", state_text, state_json},
    {"FLAGS", "flags", 4, false, LS_ALWAYS, "how it is open, as the kernel has it", flags_text, flags_json},
    {"CLOEXEC", "cloexec", 3, false, LS_ASKED, "is it closed by an exec?", cloexec_text, cloexec_json},
    {"CALL", "call", 6, false, LS_TRACED, "the call that made it", call_text, call_json},
    {"OWNER", "owner", 4, false, LS_ASKED, "what it belongs to: FILE, DIR, popen, ...", owner_text, owner_json},
    {"BORN", "born", 8, true, LS_ASKED, "seconds from the program's start to its birth", born_text, born_json},
    {"AGE", "age", 5, true, LS_TRACED, "time since its birth", age_text, age_json},
    {"LAST-USED", "last_used", 5, true, LS_ASKED, "time since its latest use, where option last_used was on", last_used_text, last_used_json},
    {"THREAD", "thread", 6, true, LS_TRACED, "the thread that made it", thread_text, thread_json},
    {"WHERE", "where", 8, false, LS_TRACED, "the program's own code that made it", where_text, where_json},
    {"LINEAGE", "lineage", 9, false, LS_ASKED, "the descriptor or process it came from", lineage_text, lineage_json},
    {"INODE", "inode", 8, true, LS_ASKED, "inode number", inode_text, inode_json},
    {"DELETED", "deleted", 3, false, LS_ASKED, "has its file lost its name?", deleted_text, deleted_json},
    {"GIVEN", "given", 5, false, LS_ASKED, "path or address as the program gave it", given_text, given_json},
    {"NAME", "name", 4, false, LS_ALWAYS, "path or address, as the kernel has it", name_text, name_json},
    {NULL, NULL, 0, false, LS_ASKED, NULL, NULL, NULL},
};

static const struct ls_column *find_column(const char *word, size_t length)
{
    for (const struct ls_column *column = ls_columns; column->heading != NULL; column++)
        if (strlen(column->heading) == length && strncasecmp(column->heading, word, length) == 0)
            return column;
    return NULL;
}

int ls_choose_columns(const struct ls_column **chosen, const char *words, bool traced, char *error, size_t error_size)
{
    size_t count = 0;
    if (words == NULL) {
        for (const struct ls_column *column = ls_columns; column->heading != NULL; column++)
            if (column->shown == LS_ALWAYS || (column->shown == LS_TRACED && traced))
                chosen[count++] = column;
    }
    for (const char *word = words; word != NULL; word = *word == ',' ? word + 1 : NULL) {
        size_t length = strcspn(word, ",");
        const struct ls_column *column = find_column(word, length);
        if (column == NULL || count + 1 >= LS_COLUMNS_MAX) {
            snprintf(error, error_size, column != NULL ? "too many columns at '%.*s'" : "there is no column '%.*s'",
                     (int)(length < 40 ? length : 40), word);
            return -EINVAL;
        }
        chosen[count++] = column;
        word += length;
    }
    chosen[count] = NULL;
    return 0;
}
