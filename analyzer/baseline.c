/* Reading, writing and applying a baseline. See baseline.h. */
#include "baseline.h"

#include "array.h"
#include "escape.h"
#include "output_file.h"
#include "rule.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADING                                                                                                        \
    "# fdtrace baseline 1: RULE FINGERPRINT COUNT WHERE. Sorted; lines may be removed or merged, COUNT may be *.\n"

/* --- reading --- */

/* One line, its newline removed. 1: an entry, 0: nothing, -1: wrong. */
static int parse_line(char *line, struct baseline_entry *entry)
{
    char *state, *words[3];
    *entry = (struct baseline_entry){0};
    for (size_t i = 0; i < 3; i++) {
        words[i] = strtok_r(i == 0 ? line : NULL, " \t\r", &state);
        if (words[i] == NULL || words[0][0] == '#')
            return words[0] == NULL || words[0][0] == '#' ? 0 : -1;
    }
    if (strlen(words[1]) != 16 || strspn(words[1], "0123456789abcdef") != 16)
        return -1;
    entry->fingerprint = strtoull(words[1], NULL, 16);
    entry->count = UINT64_MAX;
    if (strcmp(words[2], "*") == 0)
        return 1;
    if (strspn(words[2], "0123456789") != strlen(words[2]) || strlen(words[2]) > 18)
        return -1;
    entry->count = strtoull(words[2], NULL, 10);
    return 1;
}

static int by_fingerprint(const void *left, const void *right)
{
    const struct baseline_entry *a = left, *b = right;
    return a->fingerprint < b->fingerprint ? -1 : a->fingerprint > b->fingerprint;
}

static void settle(struct baseline *baseline)
{
    size_t kept = 0;
    if (baseline->count > 1)
        qsort(baseline->entries, baseline->count, sizeof(*baseline->entries), by_fingerprint);
    for (size_t i = 0; i < baseline->count; i++) {
        struct baseline_entry *last = kept > 0 ? &baseline->entries[kept - 1] : NULL;
        if (last == NULL || last->fingerprint != baseline->entries[i].fingerprint)
            baseline->entries[kept++] = baseline->entries[i];
        else if (baseline->entries[i].count > last->count)
            last->count = baseline->entries[i].count;
    }
    baseline->count = kept;
}

static int read_lines(struct baseline *baseline, FILE *file, const char *path, char *error, size_t error_size)
{
    char *line = NULL;
    size_t size = 0;
    int result = 0;
    ssize_t length;
    errno = 0;
    for (unsigned number = 1; result >= 0 && (length = getline(&line, &size, file)) > 0; number++) {
        struct baseline_entry entry;
        line[strcspn(line, "\n")] = '\0';
        result = parse_line(line, &entry);
        if (result < 0) {
            snprintf(error, error_size, "%s:%u: a line of a baseline is RULE FINGERPRINT COUNT WHERE", path, number);
            result = -EINVAL;
        } else if (result > 0 && !array_grow(&baseline->entries, baseline->count, sizeof(*baseline->entries))) {
            snprintf(error, error_size, "out of memory while reading %s", path);
            result = -ENOMEM;
        } else if (result > 0) {
            baseline->entries[baseline->count++] = entry;
        }
    }
    if (result >= 0 && ferror(file)) {
        result = errno != 0 ? -errno : -EIO;
        snprintf(error, error_size, "cannot read the baseline %s: %s", path, strerror(-result));
    }
    free(line);
    return result < 0 ? result : 0;
}

int baseline_read(struct baseline *baseline, const char *path, char *error, size_t error_size)
{
    *baseline = (struct baseline){0};
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        int code = -errno;
        snprintf(error, error_size, "cannot read the baseline %s: %s; --write-baseline=%s makes one", path,
                 strerror(-code), path);
        return code;
    }
    int result = read_lines(baseline, file, path, error, error_size);
    fclose(file);
    if (result < 0)
        baseline_free(baseline);
    else
        settle(baseline);
    return result;
}

void baseline_free(struct baseline *baseline)
{
    free(baseline->entries);
    *baseline = (struct baseline){0};
}

/* --- writing --- */

/* One line to be; lines are sorted by their text up to the count, which is what merging tools compare. */
struct line {
    const struct finding *finding;
    uint64_t count;
};

static int by_text(const void *left, const void *right)
{
    const struct finding *a = ((const struct line *)left)->finding, *b = ((const struct line *)right)->finding;
    int order = strcmp(a->rule->id, b->rule->id);
    if (order != 0)
        return order;
    return a->fingerprint < b->fingerprint ? -1 : a->fingerprint > b->fingerprint;
}

static void put_where(FILE *out, const struct finding *finding)
{
    const struct finding_stack *stack = finding->stack_count > 0 ? &finding->stacks[0] : NULL;
    const struct model_frame *frame = stack != NULL ? finding_own_frame(finding, &stack->stack) : NULL;
    escape_print(out, finding->images[0]->program[0] != '\0' ? finding->images[0]->program : "?");
    if (stack != NULL && stack->call != NULL) {
        fputs(": ", out);
        escape_print(out, stack->call);
    }
    if (frame != NULL && frame->function != NULL) {
        fputs(" in ", out);
        escape_print(out, frame->function);
    }
}

/* How often something harmless happens changes from run to run; that it happens is all a note says. */
static void put_line(FILE *out, const struct line *line)
{
    const struct finding *finding = line->finding;
    fprintf(out, "%s %016llx ", finding->rule->id, (unsigned long long)finding->fingerprint);
    if (finding->severity == SEVERITY_NOTE)
        fputs("* ", out);
    else
        fprintf(out, "%llu ", (unsigned long long)line->count);
    put_where(out, finding);
    putc('\n', out);
}

static void put_lines(FILE *out, struct line *lines, size_t count)
{
    if (count > 1)
        qsort(lines, count, sizeof(*lines), by_text);
    fputs(HEADING, out);
    for (size_t i = 0; i < count;) {
        struct line line = lines[i];
        while (++i < count && by_text(&lines[i], &line) == 0)
            line.count += lines[i].count;
        put_line(out, &line);
    }
}

static int write_failed(const char *path, int code, char *error, size_t error_size)
{
    snprintf(error, error_size, "cannot write the baseline %s: %s", path, strerror(-code));
    return code;
}

static int write_lines(struct line *lines, size_t count, const char *path, char *error, size_t error_size)
{
    char temporary[PATH_MAX];
    bool standard = strcmp(path, "-") == 0;
    FILE *out = standard ? stdout : output_file_beside(path, temporary, sizeof(temporary));
    if (out == NULL)
        return write_failed(path, -errno, error, error_size);
    put_lines(out, lines, count);
    errno = 0;
    bool failed = fflush(out) != 0 || ferror(out) != 0;
    if (!standard)
        failed = fclose(out) != 0 || failed;
    if (!failed && !standard)
        failed = rename(temporary, path) < 0;
    int code = errno != 0 ? -errno : -EIO;
    if (!failed)
        return 0;
    if (!standard)
        unlink(temporary);
    return write_failed(path, code, error, error_size);
}

int baseline_write(const struct findings *findings, const char *path, char *error, size_t error_size)
{
    size_t count = 0, all = findings->count + findings->aside;
    struct line *lines = calloc(all + 1, sizeof(*lines));
    if (lines == NULL)
        return write_failed(path, -ENOMEM, error, error_size);
    for (size_t i = 0; i < all; i++)
        if (findings->items[i]->fate != FINDING_SUPPRESSED)
            lines[count++] = (struct line){findings->items[i], findings->items[i]->count};
    int result = write_lines(lines, count, path, error, error_size);
    free(lines);
    return result;
}

/* --- applying --- */

int baseline_apply(struct baseline *baseline, struct findings *findings, size_t *gone)
{
    for (size_t i = 0; i < baseline->count; i++) {
        baseline->entries[i].left = baseline->entries[i].count;
        baseline->entries[i].met = false;
    }
    for (size_t i = 0; i < findings->count; i++) {
        struct finding *finding = findings->items[i];
        struct baseline_entry key = {.fingerprint = finding->fingerprint}, *entry = NULL;
        if (baseline->count > 0)
            entry = bsearch(&key, baseline->entries, baseline->count, sizeof(key), by_fingerprint);
        if (entry == NULL)
            continue;
        entry->met = true;
        finding->known = finding->count < entry->left ? finding->count : entry->left;
        if (entry->count != UINT64_MAX)
            entry->left -= finding->known;
        if (finding->known == finding->count)
            finding->fate = FINDING_KNOWN;
    }
    *gone = 0;
    for (size_t i = 0; i < baseline->count; i++)
        *gone += !baseline->entries[i].met;
    return findings_sift(findings);
}
