/*
 * double-close: closed again after it was closed, with no other owner in between. The kernel answered EBADF, so nobody
 * was hurt this time; with another thread about, the second close takes somebody else's descriptor away.
 */
#include "rules/incident.h"
#include "words.h"

#include <errno.h>

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    incidents_report(rule, image, findings, FDT_INCIDENT_DOUBLE_CLOSE, "second-close");
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    const struct finding_stack *second = finding_stack(finding, "second-close");
    const struct finding_stack *death = finding_stack(finding, "death");
    words_thing(message, &finding->descriptors[0]);
    fprintf(message, " (descriptor %d) was closed again by %s()", finding->descriptors[0].fd,
            second->call != NULL ? second->call : "close");
    words_place(message, finding, second);
    if (death != NULL) {
        fputs(" after it had been closed", message);
        words_place(message, finding, death);
    }
    if (finding->count > 1)
        fprintf(message, ", %llu times", (unsigned long long)finding->count);
    if (finding->death_error == EINTR || finding->death_error == EIO) {
        fprintf(message, "; that close had failed with %s, and closed it all the same",
                finding->death_error == EINTR ? "EINTR" : "EIO");
        fputs("on Linux a close() that fails with EINTR or EIO has closed the descriptor: do not call it again", suggestion);
        return;
    }
    fputs("let one place own the descriptor and close it, and set the variable to -1 there: by the second close the "
          "number may belong to somebody else", suggestion);
}

const struct rule_code rule_double_close = {check, describe, .by_line = true};
