/*
 * stdio-slot-reuse: an ordinary open was given number 0, 1 or 2, because that one was closed: what the program reads as its
 * input or prints as its output or errors goes there now.
 *
 * A program that goes on with a standard number closed puts one file after the other there: that is one finding for each
 * number, which shows the first of them.
 *
 * A note where the program closed the number in the function that opened the new one, for the new one can take its place:
 * that is the oldest way to redirect, and looks the same when it happens by accident.
 *
 * Silent: a shell; who redirected like that and went on to another program; and who noticed, and moved it away (the guest
 * takes that incident back).
 */
#include "rule.h"
#include "words.h"

#include <fcntl.h>
#include <string.h>

static bool runs_in(const struct model_stack *stack, const char *function)
{
    for (size_t i = 0; function != NULL && i < stack->count; i++)
        if (stack->frames[i].function != NULL && strcmp(stack->frames[i].function, function) == 0)
            return true;
    return false;
}

static const char *own_function(const struct image *image, const struct model_stack *stack)
{
    for (size_t i = 0; i < stack->count; i++)
        if (stack->frames[i].module != NULL && strcmp(stack->frames[i].module, image->exe) == 0)
            return stack->frames[i].function;
    return stack->count > 0 ? stack->frames[0].function : NULL;
}

/* Closed and opened in one go. */
static bool is_redirection(const struct image *image, const struct fdt_incident *incident, struct findings *findings)
{
    if (incident->death.ns == 0 || incident->death.site == FDT_NO_SITE)
        return incident->death.ns != 0;
    struct model_stack death = model_stack(findings->model, image, incident->death.site);
    struct model_stack birth = model_stack(findings->model, image, incident->site);
    return runs_in(&birth, own_function(image, &death));
}

/* Every program this one starts could use it as what it stands for. */
static bool can_stand_for(const struct fdt_incident *incident)
{
    int mode = (int)incident->life.flags & O_ACCMODE;
    return (incident->state & FDT_CLOEXEC) == 0 &&
           (incident->life.kind == FDT_UNASKED || incident->life.kind == FDT_FILE) &&
           (mode == O_RDWR || mode == (incident->fd == 0 ? O_RDONLY : O_WRONLY));
}

static void report(const struct rule *rule, const struct image *image, struct findings *findings,
                   const struct fdt_incident *incident, bool redirected)
{
    const struct fdt_death *death = &incident->death;
    struct finding *finding = findings_at(findings, rule, image, (uint64_t)incident->fd + 1, redirected);
    if (finding == NULL)
        return;
    if (redirected)
        finding->severity = SEVERITY_NOTE;
    finding->count += incident->count;
    finding_add_descriptor(findings, finding, model_descriptor(image, incident->fd, incident->generation,
                                                               incident->state, &incident->life));
    if (finding->stack_count > 0)
        return;
    finding_add_stack(finding, (struct finding_stack){.role = "birth", .image = image, .site = incident->site,
                                                      .call = segment_call(image->segment, incident->call),
                                                      .thread = incident->tid, .ns = incident->ns});
    if (death->ns != 0)
        finding_add_stack(finding, (struct finding_stack){.role = "death", .image = image, .site = death->site,
                                                          .call = segment_call(image->segment, death->call),
                                                          .thread = death->tid, .ns = death->ns});
}

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    if (image->segment == NULL || (image->segment->header.flags & FDT_HEADER_SHELL) != 0)
        return;
    for (uint32_t i = 0; i < image->segment->incident_count; i++) {
        const struct fdt_incident *incident = &image->segment->incidents[i];
        if (incident->type != FDT_INCIDENT_STDIO_SLOT)
            continue;
        bool redirected = can_stand_for(incident) && is_redirection(image, incident, findings);
        if (!redirected || image->end.how != END_EXEC)
            report(rule, image, findings, incident, redirected);
    }
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    static const char *const standard[] = {"input", "output", "error"};
    const struct descriptor *hit = &finding->descriptors[0];
    const struct finding_stack *birth = finding_stack(finding, "birth");
    const struct finding_stack *death = finding_stack(finding, "death");
    words_thing(message, hit);
    words_place(message, finding, birth);
    fprintf(message, " was given number %d and is the program's standard %s now", hit->fd,
            standard[hit->fd >= 0 && hit->fd <= 2 ? hit->fd : 0]);
    if (death != NULL) {
        fputs(", which had been closed", message);
        words_place(message, finding, death);
    } else {
        fputs(": the program was started with it closed", message);
    }
    if (finding->count > 1)
        fprintf(message, "; so were %llu others after it", (unsigned long long)finding->count - 1);
    fprintf(suggestion, "keep 0, 1 and 2 occupied: open /dev/null there %s",
            death != NULL ? "instead of leaving the number free" : "at the start when fcntl(fd, F_GETFD) says they are closed");
}

const struct rule_code rule_stdio_slot_reuse = {check, describe, .by_line = false};
