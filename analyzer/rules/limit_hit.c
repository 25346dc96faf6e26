/* limit-hit: a call was refused a descriptor, because the process (EMFILE) or the system (ENFILE) had no more. */
#include "rules/incident.h"

#include <errno.h>

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    incidents_report(rule, image, findings, FDT_INCIDENT_LIMIT, "limit");
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    const struct finding_stack *limit = finding_stack(finding, "limit");
    const struct fdt_header *header = &finding->images[0]->segment->header;
    fprintf(message, "%s() was refused a descriptor", limit->call != NULL ? limit->call : "a call");
    if (finding->count > 1)
        fprintf(message, " %llu times", (unsigned long long)finding->count);
    if (finding->error == ENFILE) {
        fputs(": the whole system had no more (ENFILE)", message);
        fputs("see which processes hold them, and /proc/sys/fs/file-max for the limit", suggestion);
        return;
    }
    fprintf(message, ": the process had reached its limit of %llu (EMFILE)", (unsigned long long)header->nofile_soft);
    fprintf(suggestion, "close what is no longer needed (%llu were open at most)",
            (unsigned long long)finding->images[0]->peak);
    if (header->nofile_soft < header->nofile_hard)
        fprintf(suggestion, ", or raise the soft limit with setrlimit or `ulimit -n` (the hard one is %llu)",
                (unsigned long long)header->nofile_hard);
}

const struct rule_code rule_limit_hit = {check, describe};
