/* See incident.h. */
#include "rules/incident.h"

static void add_evidence(struct findings *findings, struct finding *finding, const struct fdt_incident *incident,
                         const struct descriptor *hit, const char *role)
{
    const struct image *image = hit->image;
    finding->error = incident->error;
    finding->death_error = incident->type == FDT_INCIDENT_DOUBLE_CLOSE ? incident->death.error : 0;
    finding_add_stack(finding, (struct finding_stack){
                                   .role = role, .image = image, .site = incident->site,
                                   .call = segment_call(image->segment, incident->call), .thread = incident->tid,
                                   .ns = incident->ns});
    if (incident->type == FDT_INCIDENT_LIMIT)
        return;
    finding_add_descriptor(findings, finding, *hit);
    /* Where the offence is a death itself, that stack stands there already; a socket's own earlier death is no matter. */
    if (incident->death.ns != 0 && incident->type != FDT_INCIDENT_OVERWRITE &&
        incident->type != FDT_INCIDENT_MISMATCH && incident->type != FDT_INCIDENT_RIGHTS)
        finding_add_stack(finding, (struct finding_stack){
                                       .role = "death", .image = image, .site = incident->death.site,
                                       .call = segment_call(image->segment, incident->death.call),
                                       .thread = incident->death.tid, .ns = incident->death.ns});
    finding_add_birth(finding, hit);
}

static bool report(const struct rule *rule, const struct image *image, struct findings *findings,
                   const struct fdt_incident *incident, const char *role)
{
    bool limit = incident->type == FDT_INCIDENT_LIMIT;
    struct descriptor hit = model_descriptor(image, incident->fd, incident->generation, incident->state, &incident->life);
    uint64_t birth = limit ? (uint64_t)incident->error : model_birth_key(findings->model, &hit);
    uint64_t offence = model_site_key(findings->model, image, incident->site, incident->call);
    struct finding *finding = findings_at(findings, rule, image, birth, offence);
    if (finding == NULL)
        return false;
    finding->count += incident->count;
    if (finding->stack_count == 0)
        add_evidence(findings, finding, incident, &hit, role);
    else if (!limit)
        finding_add_descriptor(findings, finding, hit);
    return true;
}

void incidents_report(const struct rule *rule, const struct image *image, struct findings *findings,
                      enum fdt_incident_type type, const char *role)
{
    for (uint32_t i = 0; image->segment != NULL && i < image->segment->incident_count; i++)
        if (image->segment->incidents[i].type == type &&
            !report(rule, image, findings, &image->segment->incidents[i], role))
            return;
}
