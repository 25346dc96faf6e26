/*
 * cloexec-race: born without close-on-exec, and given it by a later call of the same image. In between a child of another
 * thread inherits it, and hands it to whatever it executes. An error when such a fork was seen, a warning while other
 * threads could have made one, a note with a single thread (and in a forked child, which is on its way to an exec).
 */
#include "cure.h"
#include "rule.h"
#include "words.h"

enum { GRADE_ALONE, GRADE_THREADS, GRADE_FORKED };

static void add_stack(struct finding *finding, const struct image *image, const char *role, uint32_t site, uint16_t call,
                      int tid, uint64_t ns)
{
    finding_add_stack(finding, (struct finding_stack){.role = role, .image = image, .site = site, .thread = tid, .ns = ns,
                                                      .call = segment_call(image->segment, call)});
}

static enum severity grade(const struct image *image, const struct fdt_incident *incident)
{
    if (incident->error == GRADE_FORKED)
        return SEVERITY_ERROR;
    return incident->error == GRADE_THREADS && image->how != FDT_HOW_FORK ? SEVERITY_WARNING : SEVERITY_NOTE;
}

static void report(const struct rule *rule, const struct image *image, struct findings *findings,
                   const struct fdt_incident *incident)
{
    const struct fdt_death *fork = &incident->death;
    struct descriptor hit =
        model_descriptor(image, incident->fd, incident->generation, incident->state, &incident->life);
    uint64_t birth = model_birth_key(findings->model, &hit);
    uint64_t offence = model_site_key(findings->model, image, incident->site, incident->call);
    struct finding *finding = findings_at(findings, rule, image, birth, offence);
    if (finding == NULL)
        return;
    bool first = finding->stack_count == 0;
    enum severity severity = grade(image, incident);
    finding->count += incident->count;
    finding_add_descriptor(findings, finding, hit);
    finding->severity = first || severity > finding->severity ? severity : finding->severity;
    if (first) {
        add_stack(finding, image, "set-cloexec", incident->site, incident->call, incident->tid, incident->ns);
        finding_add_birth(finding, &hit);
    }
    if (fork->ns != 0 && finding_stack(finding, "fork") == NULL)
        add_stack(finding, image, "fork", fork->site, fork->call, fork->tid, fork->ns);
}

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    for (uint32_t i = 0; image->segment != NULL && i < image->segment->incident_count; i++)
        if (image->segment->incidents[i].type == FDT_INCIDENT_LATE_CLOEXEC)
            report(rule, image, findings, &image->segment->incidents[i]);
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    const struct finding_stack *birth = finding_stack(finding, "birth"), *fork = finding_stack(finding, "fork");
    words_things(message, finding);
    fprintf(message, " %s", words_birth(birth != NULL ? birth->call : NULL));
    words_place(message, finding, birth);
    fputs(finding->count > 1 ? " were given close-on-exec only later" : " was given close-on-exec only later", message);
    words_place(message, finding, finding_stack(finding, "set-cloexec"));
    if (fork != NULL)
        fputs(", and another thread started a child in between, which inherited it without the flag", message);
    else if (finding->severity == SEVERITY_WARNING)
        fputs(": a child that another thread starts in between inherits it without the flag", message);
    fprintf(suggestion, "set the flag at birth: use %s", cloexec_cure(birth != NULL ? birth->call : NULL));
}

const struct rule_code rule_cloexec_race = {check, describe, .by_line = true};
