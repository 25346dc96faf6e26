/* not-traced: an image of the tree left no recording. A checker that did not run must not look like one that passed. */
#include "rule.h"

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    if (image->segment != NULL)
        return;
    /* Each has its own story: no two share a finding. */
    struct finding *finding = findings_at(findings, rule, image, (uint64_t)image->pid, image->number);
    if (finding != NULL)
        finding->count++;
}

/* What is known of it: the program, and what it was given. */
static void put_program(FILE *out, const struct image *image)
{
    if (image->exe[0] == '\0')
        return;
    fprintf(out, " (%s", image->exe);
    for (size_t i = 1; i < image->argc && i < 4; i++)
        fprintf(out, " %s", image->argv[i]);
    fputs(image->argc > 4 ? " ...)" : ")", out);
}

static uint32_t launches_of(const struct segment *segment, uint32_t group)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < segment->exec_count; i++)
        count += segment->execs[i].commit == 1 && segment->execs[i].group == group;
    return count;
}

/* Crossings tell of all programs a place has started: what each of them was given, this one was given, too. Once a number. */
static bool crossed_into_each(const struct segment *segment, uint32_t which, uint32_t launches)
{
    const struct fdt_crossing *crossings = segment->crossings;
    uint64_t times = 0;
    for (uint32_t i = 0; i < segment->crossing_count; i++) {
        if (crossings[i].group != crossings[which].group || crossings[i].fd != crossings[which].fd)
            continue;
        if (i < which)
            return false; /* told there */
        times += crossings[i].crossings;
    }
    return times >= launches;
}

static void put_crossed(FILE *out, const struct image *image)
{
    const struct image *before = image->predecessor;
    const struct segment *segment = before != NULL ? before->segment : NULL;
    uint32_t launches = segment != NULL && image->launch != NULL ? launches_of(segment, image->launch->group) : 0;
    size_t crossed = 0;
    for (uint32_t i = 0; launches > 0 && image->how == FDT_HOW_SPAWN && i < segment->crossing_count; i++)
        if (segment->crossings[i].group == image->launch->group && crossed_into_each(segment, i, launches))
            fprintf(out, "%s%d", crossed++ == 0 ? "; it was given descriptors " : ", ", (int)segment->crossings[i].fd);
    for (size_t i = 0; image->how == FDT_HOW_EXEC && before != NULL && i < before->open_count; i++)
        if ((before->open[i].state & FDT_CLOEXEC) == 0)
            fprintf(out, "%s%d", crossed++ == 0 ? "; it was given descriptors " : ", ", before->open[i].fd);
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    const struct image *image = finding->images[0];
    if (image->pid > 0)
        fprintf(message, "process %d", image->pid);
    else
        fputs("a child process", message);
    put_program(message, image);
    if (image->predecessor != NULL && image->predecessor->program[0] != '\0')
        fprintf(message, image->how == FDT_HOW_SPAWN ? ", started by %s," : ", %s before,", image->predecessor->program);
    fprintf(message, " was not traced: %s", image->untraced_reason);
    put_crossed(message, image);
    fputs("nothing is known of its descriptors; trace a dynamically linked build of it, or leave it out of the run",
          suggestion);
}

const struct rule_code rule_not_traced = {check, describe, .by_line = false};
