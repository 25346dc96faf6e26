/*
 * over-select-limit: a number of FD_SETSIZE or more was used with select. An fd_set has no room for it: FD_SET writes over
 * what lies behind the set, or ends a fortified program.
 */
#include "rules/incident.h"
#include "words.h"

#include <sys/select.h>

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    incidents_report(rule, image, findings, FDT_INCIDENT_OVER_SELECT, "use");
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    const struct finding_stack *use = finding_stack(finding, "use");
    words_thing(message, &finding->descriptors[0]);
    fprintf(message, " (descriptor %d) was used with %s()", finding->descriptors[0].fd,
            use->call != NULL ? use->call : "select");
    words_place(message, finding, use);
    fprintf(message, ", whose sets end at %d", FD_SETSIZE - 1);
    fputs("use poll() or epoll, which know no such limit", suggestion);
}

const struct rule_code rule_over_select_limit = {check, describe, .by_line = true};
