/* See incident.h. */
#include "rules/incident.h"

static void add_evidence(struct findings *findings, struct finding *finding, const struct fdt_incident *incident,
                         const struct descriptor *hit, const char *role)
{
    const struct image *image = hit->image;
    finding->error = incident->error;
    finding_add_stack(finding, (struct finding_stack){
                                   .role = role, .image = image, .site = incident->site,
                                   .call = segment_call(image->segment, incident->call), .thread = incident->tid,
                                   .ns = incident->ns});
    if (incident->type == FDT_INCIDENT_LIMIT)
        return;
    finding_add_descriptor(findings, finding, *hit);
    if (incident->death.ns != 0 && (incident->state & FDT_LIVE) == 0) /* a live one's death was an earlier lifetime's */
        finding_add_stack(finding, (struct finding_stack){
                                       .role = "death", .image = image, .site = incident->death.site,
                                       .call = segment_call(image->segment, incident->death.call),
                                       .thread = incident->death.tid, .ns = incident->death.ns});
    finding_add_birth(finding, hit);
}

void incidents_report(const struct rule *rule, const struct image *image, struct findings *findings,
                      enum fdt_incident_type type, const char *role)
{
    if (image->segment == NULL)
        return;
    for (uint32_t i = 0; i < image->segment->incident_count; i++) {
        const struct fdt_incident *incident = &image->segment->incidents[i];
        if (incident->type != type)
            continue;
        struct descriptor hit =
            model_descriptor(image, incident->fd, incident->generation, incident->state, &incident->life);
        uint64_t birth = type == FDT_INCIDENT_LIMIT ? (uint64_t)incident->error
                                                    : model_birth_key(findings->model, &hit);
        uint64_t offence = model_site_key(findings->model, image, incident->site, incident->call);
        struct finding *finding = findings_at(findings, rule, image, birth, offence);
        if (finding == NULL)
            return;
        finding->count += incident->count;
        if (finding->stack_count == 0)
            add_evidence(findings, finding, incident, &hit, role);
        else if (type != FDT_INCIDENT_LIMIT)
            finding_add_descriptor(findings, finding, hit);
    }
}
