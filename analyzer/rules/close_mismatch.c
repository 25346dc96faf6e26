/*
 * close-mismatch: a number was closed by other means than its owner's.
 *
 * Of a FILE or DIR the number was closed under it: the handle lives on with a number that is not its own any more, and
 * whatever it reads, writes or closes next may be another's. The same goes for what libc keeps for itself. Its connection to
 * the system log, closed by a single close(), is such a mistake; what a sweep (closefrom, a loop over all numbers) takes
 * along of libc's is a note, and none in a forked child that went on to another program, where nothing of libc's matters.
 *
 * A pty has no such means: openpty, forkpty and posix_openpt hand out bare numbers, which close() ends, and so does fclose of
 * a stream that fdopen was asked to make of one. That stream then owns the number like any other.
 */
#include "hash.h"
#include "rules/incident.h"
#include "words.h"

enum { CLOSED_ALONE }; /* the error of a HIDDEN, see incidents.def */

static enum severity grade(const struct fdt_incident *incident)
{
    bool certain = incident->error == CLOSED_ALONE && incident->life.owner == FDT_OWNER_SYSLOG;
    return certain ? SEVERITY_ERROR : SEVERITY_NOTE;
}

static void report_hidden(const struct rule *rule, const struct image *image, struct findings *findings,
                          const struct fdt_incident *incident)
{
    struct descriptor hit =
        model_descriptor(image, incident->fd, incident->generation, incident->state, &incident->life);
    uint64_t offence = model_site_key(findings->model, image, incident->site, incident->call);
    struct finding *finding = findings_at(findings, rule, image, hash_text(HASH_BEGIN, hit.life->name), offence);
    if (finding == NULL)
        return;
    bool first = finding->stack_count == 0;
    finding->count += incident->count;
    finding_add_descriptor(findings, finding, hit);
    finding->severity = first || grade(incident) > finding->severity ? grade(incident) : finding->severity;
    if (first)
        finding_add_stack(finding, (struct finding_stack){
                                       .role = "second-close", .image = image, .site = incident->site,
                                       .call = segment_call(image->segment, incident->call), .thread = incident->tid,
                                       .ns = incident->ns});
}

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    bool on_its_way = image->how == FDT_HOW_FORK && image->end.how == END_EXEC;
    incidents_report(rule, image, findings, FDT_INCIDENT_MISMATCH, "second-close");
    for (uint32_t i = 0; image->segment != NULL && !on_its_way && i < image->segment->incident_count; i++)
        if (image->segment->incidents[i].type == FDT_INCIDENT_HIDDEN)
            report_hidden(rule, image, findings, &image->segment->incidents[i]);
}

static const char *whose(const struct descriptor *hit)
{
    return hit->life->owner == FDT_OWNER_POPEN ? "stream of popen" : owner_name(hit->life->owner);
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    const struct finding_stack *close = finding_stack(finding, "second-close");
    const struct descriptor *hit = &finding->descriptors[0];
    bool hidden = (hit->state & FDT_HIDDEN) != 0;
    words_thing(message, hit);
    fprintf(message, " (descriptor %d) belongs to ", hit->fd);
    if (hidden)
        fputs(hit->life->owner == FDT_OWNER_SYSLOG ? "syslog() of libc" : "libc itself", message);
    else
        fprintf(message, "a %s", whose(hit));
    fprintf(message, ", but was closed by %s()", close->call != NULL ? close->call : "close");
    words_place(message, finding, close);
    if (finding->count > 1)
        fprintf(message, ", %llu times", (unsigned long long)finding->count);
    if (!hidden)
        fprintf(suggestion, "end it with %s(), which closes the number, too", owner_end(hit->life->owner));
    else if (hit->life->owner == FDT_OWNER_SYSLOG)
        fprintf(suggestion, "end it with %s(): the next syslog() writes into whatever has been given the number by then",
                owner_end(hit->life->owner));
    else
        fputs("close what the program itself has opened, or let libc end its own first (endpwent(), endutxent(), ...): it "
              "goes on to use the number, whoever has it by then", suggestion);
}

const struct rule_code rule_close_mismatch = {check, describe, .by_line = false};
