/* Printing what `fdtrace ls` found: a table for people, one object for programs. See ls.h. */
#include "ls/ls.h"

#include "escape.h"
#include "out/json_values.h"
#include "path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One cell at a time, printed into the same memory again and again. */
struct cell {
    char *raw, *safe;
    size_t raw_size, safe_size;
    FILE *raw_out, *safe_out;
};

static bool cell_open(struct cell *cell)
{
    *cell = (struct cell){0};
    cell->raw_out = open_memstream(&cell->raw, &cell->raw_size);
    cell->safe_out = open_memstream(&cell->safe, &cell->safe_size);
    return cell->raw_out != NULL && cell->safe_out != NULL;
}

static void cell_close(struct cell *cell)
{
    if (cell->raw_out != NULL)
        fclose(cell->raw_out);
    if (cell->safe_out != NULL)
        fclose(cell->safe_out);
    free(cell->raw);
    free(cell->safe);
}

/* The column's text, harmless on a terminal; valid until the next one. */
static const char *cell_text(struct cell *cell, const struct ls_column *column, const struct ls_row *row)
{
    rewind(cell->raw_out);
    column->text(cell->raw_out, row);
    putc('\0', cell->raw_out);
    fflush(cell->raw_out);
    rewind(cell->safe_out);
    escape_print(cell->safe_out, cell->raw);
    putc('\0', cell->safe_out);
    fflush(cell->safe_out);
    return cell->safe;
}

/* Characters, not bytes: all else in UTF-8 begins with 10. */
static unsigned width_of(const char *text)
{
    unsigned width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static const char *color_of(enum ls_tag tag)
{
    switch (tag) {
    case LS_GHOST:
    case LS_REPLACED:  return "\033[1;31m";
    case LS_UNTRACKED:
    case LS_CHANGING:  return "\033[1;33m";
    case LS_HIDDEN:    return "\033[2m";
    default:           return NULL;
    }
}

static void put_cell(FILE *out, const struct ls_column *column, const char *text, unsigned width, bool last,
                     const char *color)
{
    int padding = (int)(width - width_of(text));
    if (column->right)
        fprintf(out, "%*s", padding, "");
    fprintf(out, "%s%s%s", color != NULL ? color : "", text, color != NULL ? "\033[0m" : "");
    if (!column->right && !last)
        fprintf(out, "%*s", padding, "");
    fputs(last ? "\n" : "  ", out);
}

static void put_table(FILE *out, const struct ls_view *view, const struct ls_column *const *columns, bool colored)
{
    unsigned widths[LS_COLUMNS_MAX] = {0};
    struct cell cell;
    bool good = cell_open(&cell);
    for (size_t i = 0; good && columns[i] != NULL; i++) {
        unsigned heading = (unsigned)strlen(columns[i]->heading);
        widths[i] = columns[i]->width > heading ? columns[i]->width : heading;
        for (size_t j = 0; j < view->count; j++) {
            unsigned width = width_of(cell_text(&cell, columns[i], &view->rows[j]));
            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
    for (size_t i = 0; good && columns[i] != NULL; i++)
        put_cell(out, columns[i], columns[i]->heading, widths[i], columns[i + 1] == NULL, colored ? "\033[1m" : NULL);
    for (size_t j = 0; good && j < view->count; j++)
        for (size_t i = 0; columns[i] != NULL; i++) {
            const char *color = colored && strcmp(columns[i]->field, "state") == 0 ? color_of(view->rows[j].tag) : NULL;
            put_cell(out, columns[i], cell_text(&cell, columns[i], &view->rows[j]), widths[i], columns[i + 1] == NULL,
                     color);
        }
    cell_close(&cell);
}

static void put_limit(FILE *out, uint64_t limit)
{
    if (limit == UINT64_MAX)
        fputs("unlimited", out);
    else
        fprintf(out, "%llu", (unsigned long long)limit);
}

/* nginx (process 42): 7 descriptors open, limit 1024 (at most 4096) */
static void put_heading(FILE *out, const struct ls_view *view)
{
    const struct live *live = &view->live;
    const char *program = live->exe[0] != '\0' ? path_last(live->exe)
                          : live->argc > 0     ? live->argv[0]
                                               : "a kernel thread";
    escape_print(out, program);
    fprintf(out, " (process %d): %zu descriptor%s open, limit ", live->pid, live->count, live->count == 1 ? "" : "s");
    put_limit(out, live->soft);
    fputs(" (hard limit ", out);
    put_limit(out, live->hard);
    fputs(")\n", out);
    if (view->image != NULL)
        return;
    fputs("not traced: this is what the kernel says; nobody recorded births", out);
    if (view->reason[0] != '\0') {
        fputs(" (", out);
        escape_print(out, view->reason);
        putc(')', out);
    }
    putc('\n', out);
}

/* What a tag means, for those in sight that need a word. */
static void put_legend(FILE *out, const struct ls_view *view)
{
    size_t counts[LS_TAG_COUNT] = {0};
    for (size_t i = 0; i < view->count; i++)
        counts[view->rows[i].tag]++;
    for (enum ls_tag tag = LS_OPEN; tag < LS_TAG_COUNT; tag++)
        if (counts[tag] > 0 && tag != LS_OPEN)
            fprintf(out, "%zu %s: %s\n", counts[tag], ls_tag_name(tag), ls_tag_meaning(tag));
}

void ls_write_text(FILE *out, const struct ls_view *view, const struct ls_column *const *columns, bool colored)
{
    put_heading(out, view);
    if (view->count == 0)
        return;
    put_table(out, view, columns, colored);
    put_legend(out, view);
}

static json_t *row_value(const struct ls_row *row)
{
    json_t *value = json_object();
    for (const struct ls_column *column = ls_columns; column->heading != NULL; column++)
        if (json_object_set_new(value, column->field, column->json(row)) < 0) {
            json_decref(value);
            return NULL;
        }
    return value;
}

static json_t *limit_value(uint64_t limit)
{
    return limit != UINT64_MAX ? json_of_number(limit) : json_null();
}

static json_t *argv_value(const struct live *live)
{
    json_t *argv = json_array();
    for (size_t i = 0; i < live->argc; i++)
        json_array_append_new(argv, json_of_text(live->argv[i]));
    return argv;
}

static json_t *head_value(const struct ls_view *view)
{
    const struct live *live = &view->live;
    json_t *head = json_pack(
        "{s:s, s:i, s:o, s:o, s:o, s:I, s:b, s:{s:o, s:o}}", "schema", "fdtrace-ls/1", "pid", live->pid, "exe",
        json_of_text(live->exe), "argv", argv_value(live), "cwd", json_of_text(live->cwd), "uid",
        (json_int_t)live->uid, "traced", view->image != NULL, "limits", "soft", limit_value(live->soft), "hard",
        limit_value(live->hard));
    if (head != NULL && view->reason[0] != '\0')
        json_object_set_new(head, "reason", json_of_text(view->reason));
    return head;
}

/*
 * One object, descriptor by descriptor, so that memory stays small however many there are: the head is printed whole,
 * and what follows goes in before its last brace.
 */
int ls_write_json(FILE *out, const struct ls_view *view)
{
    char *head = NULL;
    size_t length = 0;
    FILE *head_out = open_memstream(&head, &length);
    if (head_out == NULL)
        return -ENOMEM;
    int result = json_print(head_out, head_value(view));
    if (fclose(head_out) != 0 && result == 0)
        result = -ENOMEM;
    if (result == 0)
        fprintf(out, "%.*s,\n  \"descriptors\": [", (int)(length - strlen("}")), head);
    free(head);
    for (size_t i = 0; i < view->count && result == 0; i++) {
        fputs(i > 0 ? ",\n    " : "\n    ", out);
        result = json_print(out, row_value(&view->rows[i]));
    }
    if (result == 0)
        fputs(" ] }\n", out);
    return result;
}
