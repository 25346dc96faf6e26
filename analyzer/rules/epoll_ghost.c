/*
 * epoll-ghost: a registered descriptor was closed while a duplicate of it lived, and the program went on waiting. The kernel
 * removes a registration with the open file description, not with the number (epoll(7), question 6): events keep coming for
 * a number that is gone, or is somebody else's by now, and no EPOLL_CTL_DEL can name it.
 *
 * The guest asks the kernel whether it is so when the program waits. A duplicate in another process is not seen.
 */
#include "rules/incident.h"
#include "words.h"

static void add_stack(struct finding *finding, const struct image *image, const char *role, uint32_t site, uint16_t call,
                      int tid, uint64_t ns)
{
    finding_add_stack(finding, (struct finding_stack){.role = role, .image = image, .site = site, .thread = tid, .ns = ns,
                                                      .call = segment_call(image->segment, call)});
}

static void add_evidence(struct finding *finding, const struct image *image, const struct fdt_incident *incident,
                         const struct descriptor *closed)
{
    const struct fdt_death *death = &incident->death;
    const struct fdt_past *copy = &incident->before;
    add_stack(finding, image, "death", death->site, death->call, death->tid, death->ns);
    add_stack(finding, image, "register", incident->site, incident->call, incident->tid, incident->ns);
    finding_add_birth(finding, closed);
    add_stack(finding, image, "duplicate", copy->birth_site, copy->birth_call, copy->birth_tid, copy->birth_ns);
    finding->epoll = (int)incident->limit;
    finding->duplicate = (int)incident->open;
}

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    for (uint32_t i = 0; image->segment != NULL && i < image->segment->incident_count; i++) {
        const struct fdt_incident *incident = &image->segment->incidents[i];
        if (incident->type != FDT_INCIDENT_GHOST)
            continue;
        struct descriptor closed =
            model_descriptor(image, incident->fd, incident->generation, incident->state, &incident->life);
        uint64_t offence = model_site_key(findings->model, image, incident->death.site, incident->death.call);
        struct finding *finding = findings_at(findings, rule, image, model_birth_key(findings->model, &closed), offence);
        if (finding == NULL)
            return;
        finding->count += incident->count;
        finding_add_descriptor(findings, finding, closed);
        if (finding->stack_count == 0)
            add_evidence(finding, image, incident, &closed);
    }
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    const struct finding_stack *close = finding_stack(finding, "death");
    words_thing(message, &finding->descriptors[0]);
    fprintf(message, " (descriptor %d) was closed by %s()", finding->descriptors[0].fd,
            close->call != NULL ? close->call : "close");
    words_place(message, finding, close);
    if (finding->count > 1)
        fprintf(message, ", %llu times,", (unsigned long long)finding->count);
    fprintf(message, " while its duplicate %d keeps it registered with epoll instance %d", finding->duplicate,
            finding->epoll);
    fprintf(suggestion,
            "call epoll_ctl(%d, EPOLL_CTL_DEL, ...) before the descriptor is closed; what is registered now goes only "
            "with the last duplicate, or with the instance",
            finding->epoll);
}

const struct rule_code rule_epoll_ghost = {check, describe, .by_line = false};
