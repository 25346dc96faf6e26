/* use-after-close: an I/O call answered EBADF on a number that once was open. */
#include "rules/incident.h"
#include "words.h"

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    incidents_report(rule, image, findings, FDT_INCIDENT_BAD_USE, "use");
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    const struct finding_stack *use = finding_stack(finding, "use");
    const struct finding_stack *death = finding_stack(finding, "death");
    words_thing(message, &finding->descriptors[0]);
    fprintf(message, " (descriptor %d) was used by %s()", finding->descriptors[0].fd,
            use->call != NULL ? use->call : "a call");
    words_place(message, finding, use);
    fputs(" after it had been closed", message);
    words_place(message, finding, death);
    if (finding->count > 1)
        fprintf(message, ", %llu times", (unsigned long long)finding->count);
    fputs("close it after its last use, or let its users know: the number may be given to somebody else at any moment",
          suggestion);
}

const struct rule_code rule_use_after_close = {check, describe, .by_line = true};
