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

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    const struct image *image = finding->images[0];
    fprintf(message, "process %d", image->pid);
    if (image->predecessor != NULL && image->predecessor->program[0] != '\0')
        fprintf(message, " (%s before)", image->predecessor->program);
    fprintf(message, " was not traced: %s", image->untraced_reason);
    fputs("nothing is known of its descriptors; trace a dynamically linked build of it, or leave it out of the run",
          suggestion);
}

const struct rule_code rule_not_traced = {check, describe};
