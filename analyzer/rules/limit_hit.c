/*
 * limit-hit: a call was refused a descriptor, because the process (EMFILE) or the system (ENFILE) had no more. The first
 * time, the guest kept a black box: who held how many then.
 */
#include "headroom.h"
#include "rules/incident.h"

#include <errno.h>

/* incidents_report has made the findings; each is given the numbers of the incident that it began with. */
static void attach(struct finding *finding, const struct image *image, struct findings *findings,
                   const struct fdt_incident *incident)
{
    finding->limits = limits_of(image, incident->limit, incident->error);
    if (finding->limits == NULL) {
        findings->out_of_memory = true;
        return;
    }
    finding->limits->open = incident->open;
    limits_add_holders(finding->limits, findings->model, image, incident->error);
}

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    incidents_report(rule, image, findings, FDT_INCIDENT_LIMIT, "limit");
    for (uint32_t i = 0; image->segment != NULL && i < image->segment->incident_count; i++) {
        const struct fdt_incident *incident = &image->segment->incidents[i];
        if (incident->type != FDT_INCIDENT_LIMIT)
            continue;
        uint64_t offence = model_site_key(findings->model, image, incident->site, incident->call);
        struct finding *finding = findings_at(findings, rule, image, (uint64_t)incident->error, offence);
        if (finding != NULL && finding->limits == NULL)
            attach(finding, image, findings, incident);
    }
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    const struct finding_stack *limit = finding_stack(finding, "limit");
    const struct finding_limits *limits = finding->limits;
    fprintf(message, "%s() was refused a descriptor", limit->call != NULL ? limit->call : "a call");
    if (finding->count > 1)
        fprintf(message, " %llu times", (unsigned long long)finding->count);
    if (finding->error == ENFILE) {
        fputs(": the whole system had no more (ENFILE)", message);
        fputs("see which processes hold them, and /proc/sys/fs/file-max for the limit", suggestion);
        return;
    }
    uint64_t soft = limits != NULL ? limits->soft : finding->images[0]->segment->header.nofile_soft;
    uint64_t hard = finding->images[0]->segment->header.nofile_hard;
    fprintf(message, ": the process had reached its limit of %llu (EMFILE)", (unsigned long long)soft);
    fprintf(suggestion, "close what is no longer needed (%llu were open at most)",
            (unsigned long long)finding->images[0]->peak);
    if (soft < hard)
        fprintf(suggestion, ", or raise the soft limit with setrlimit or `ulimit -n` (the hard one is %llu)",
                (unsigned long long)hard);
}

const struct rule_code rule_limit_hit = {check, describe, .by_line = false};
