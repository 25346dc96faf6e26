/*
 * limit-near: more than so many percent (limit_near=) of the descriptors that the soft RLIMIT_NOFILE allows were open at one
 * time. The next busy day meets the limit.
 *
 * Silent: where the limit was met (limit-hit tells), and where the peak came before the limit was changed to what it is.
 */
#include "headroom.h"
#include "rule.h"
#include "words.h"

static bool was_hit(const struct segment *segment)
{
    for (uint32_t i = 0; i < segment->incident_count; i++)
        if (segment->incidents[i].type == FDT_INCIDENT_LIMIT)
            return true;
    return false;
}

/* Most that is known to have been open under the limit of now. What lies above it takes no room below it. */
static uint64_t peak_of(const struct segment *segment)
{
    const struct fdt_header *header = &segment->header;
    uint64_t peak = header->open_peak > header->limit_peak ? header->open_peak : header->open_now, above = 0;
    for (uint64_t fd = header->nofile_soft; fd < segment->slot_count; fd++)
        above += (segment->slots[fd].state & FDT_LIVE) != 0;
    return peak > above ? peak - above : 0;
}

/* The site that had most of them at one time. */
static uint32_t top_site(const struct segment *segment)
{
    uint32_t top = FDT_NO_SITE, most = 0;
    for (uint32_t i = 1; i < segment->site_count; i++)
        if (segment->sites[i].peak > most) {
            most = segment->sites[i].peak;
            top = i;
        }
    return top;
}

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    unsigned percent = findings->model->limit_near;
    if (image->segment == NULL || percent == 0 || percent >= 100)
        return;
    const struct fdt_header *header = &image->segment->header;
    uint64_t soft = header->nofile_soft, peak = peak_of(image->segment);
    if (soft == 0 || soft > UINT32_MAX || image->births == 0 || peak <= soft * percent / 100 || was_hit(image->segment))
        return;
    uint32_t site = top_site(image->segment);
    uint16_t call = site != FDT_NO_SITE ? image->segment->sites[site].call : FDT_NO_CALL;
    struct finding *finding = findings_at(findings, rule, image, model_site_key(findings->model, image, site, call), 0);
    if (finding == NULL)
        return;
    finding->count++;
    if (finding->limits != NULL)
        return;
    finding->limits = limits_of(image, soft, 0);
    if (finding->limits == NULL) {
        findings->out_of_memory = true;
        return;
    }
    finding->limits->open = peak;
    if (site != FDT_NO_SITE)
        finding_add_stack(finding, (struct finding_stack){.role = "birth", .image = image, .site = site,
                                                          .call = segment_call(image->segment, call),
                                                          .thread = image->segment->sites[site].tid,
                                                          .ns = image->segment->sites[site].first_ns});
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    const struct finding_stack *birth = finding_stack(finding, "birth");
    const struct finding_limits *limits = finding->limits;
    if (limits == NULL)
        return;
    fprintf(message, "%llu of %llu descriptors were open at one time", (unsigned long long)limits->open,
            (unsigned long long)limits->soft);
    if (birth != NULL) {
        fprintf(message, ", up to %u of them %s", birth->image->segment->sites[birth->site].peak,
                words_birth(birth->call));
        words_place(message, finding, birth);
    }
    fputs("close what is no longer needed", suggestion);
    if (limits->soft < limits->hard)
        fprintf(suggestion, ", or raise the soft limit with setrlimit or `ulimit -n` (the hard one is %llu)",
                (unsigned long long)limits->hard);
}

const struct rule_code rule_limit_near = {check, describe, .by_line = false};
