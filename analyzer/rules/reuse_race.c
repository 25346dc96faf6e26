/*
 * reuse-race: a stale close hit a number that had meanwhile been given to another owner. How it is known:
 *
 *   the handles differ   a FILE or DIR whose number had been closed under it was ended, and took the next owner's: certain;
 *   the owner noticed    it was answered EBADF on a number that another thread had closed, one that had owned and closed the
 *                        same number before. Certain when that thread closed both from the same place, though they were
 *                        opened in different ones; else likely, hence a warning. A dup2 that took the number over, and whose
 *                        copy has been closed since, is told the same way.
 *
 * A close that hurt nobody we know of is never accused: descriptors are handed from thread to thread all the time.
 */
#include "rules/incident.h"
#include "words.h"

static bool is_certain(const struct fdt_incident *incident)
{
    return incident->error == 0 || (incident->before.death_site == incident->death.site &&
                                    incident->death.site != FDT_NO_SITE &&
                                    incident->before.birth_site != incident->life.site);
}

static void add_stack(struct finding *finding, const struct image *image, const char *role, uint32_t site, uint16_t call,
                      int tid, uint64_t ns)
{
    finding_add_stack(finding, (struct finding_stack){.role = role, .image = image, .site = site, .thread = tid, .ns = ns,
                                                      .call = segment_call(image->segment, call)});
}

static void add_evidence(struct finding *finding, const struct image *image, const struct fdt_incident *incident)
{
    const struct fdt_past *before = &incident->before;
    add_stack(finding, image, "second-close", incident->death.site, incident->death.call, incident->death.tid,
              incident->death.ns);
    add_stack(finding, image, "victim-birth", incident->life.site, incident->life.call, incident->life.tid,
              incident->life.ns);
    if (incident->error != 0)
        add_stack(finding, image, "use", incident->site, incident->call, incident->tid, incident->ns);
    if (before->death_ns != 0)
        add_stack(finding, image, "death", before->death_site, before->death_call, before->death_tid, before->death_ns);
    add_stack(finding, image, "birth", before->birth_site, before->birth_call, before->birth_tid, before->birth_ns);
    finding->severity = is_certain(incident) ? SEVERITY_ERROR : SEVERITY_WARNING;
    finding->error = incident->error;
}

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    for (uint32_t i = 0; image->segment != NULL && i < image->segment->incident_count; i++) {
        const struct fdt_incident *incident = &image->segment->incidents[i];
        if (incident->type != FDT_INCIDENT_REUSE)
            continue;
        struct descriptor hit =
            model_descriptor(image, incident->fd, incident->generation, incident->state, &incident->life);
        uint64_t offence = model_site_key(findings->model, image, incident->death.site, incident->death.call);
        struct finding *finding = findings_at(findings, rule, image, model_birth_key(findings->model, &hit), offence);
        if (finding == NULL)
            return;
        finding->count += incident->count;
        finding_add_descriptor(findings, finding, hit);
        if (finding->stack_count == 0)
            add_evidence(finding, image, incident);
    }
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    const struct finding_stack *close = finding_stack(finding, "second-close");
    const struct finding_stack *victim = finding_stack(finding, "victim-birth");
    words_thing(message, &finding->descriptors[0]);
    fprintf(message, " (descriptor %d)", finding->descriptors[0].fd);
    words_place(message, finding, victim);
    fprintf(message, finding->severity == SEVERITY_ERROR ? " was closed by a stale %s()"
                                                         : " was closed by what is probably a stale %s()",
            close->call != NULL ? close->call : "close");
    words_place(message, finding, close);
    fputs(finding->error == 0 ? ": its handle had lost that number before"
                              : " of another thread, which had closed its own descriptor of that number before",
          message);
    fputs("let one place own the descriptor and close it, and set the variable to -1 there; the owner of the number now is "
          "innocent", suggestion);
}

const struct rule_code rule_reuse_race = {check, describe, .by_line = true};
