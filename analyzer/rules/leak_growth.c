/*
 * leak-growth: in a running image, the live count of one site keeps growing. Of one that has ended, leak-at-exit tells.
 *
 * Growth is what two witnesses agree on. The guest's samples (live at births 1, 2, 4, 8, ...) rise every time: a pool or a
 * busy server that has found its level fails here. And the lifetimes that are open now were born all over the time since
 * the site's first: a warm-up fails here, because its are all old, and so does a busy server, because its are all young.
 */
#include "rule.h"
#include "words.h"

enum { LIVE_LEAST = 16, SAMPLES_LEAST = 3 };
#define WINDOW_LEAST_NS UINT64_C(10000000000) /* younger sites have shown nothing but how they begin */

/* When the open lifetimes of a site were born, in quarters of the time since its first birth. */
struct ages {
    uint64_t begin, length;   /* of that time */
    uint64_t quarters[4];
    uint64_t live;
};

static bool samples_rise(const struct fdt_site *site, uint64_t live)
{
    uint64_t births = 0, before = 0, ns = 0;
    unsigned rises = 0;
    for (unsigned exponent = 0; exponent < 32; exponent++) {
        const struct fdt_sample *sample = &site->samples[exponent % FDT_SAMPLES];
        if (sample->births != (uint32_t)1 << exponent)
            continue;
        if (births != 0 && (sample->live <= before || sample->ns < ns))
            return false;
        births = sample->births;
        before = sample->live;
        ns = sample->ns;
        rises++;
    }
    return rises >= SAMPLES_LEAST && live >= before;
}

static bool counts(const struct descriptor *descriptor, uint32_t site)
{
    const uint64_t foreign = FDT_INHERITED | FDT_ADOPTED | FDT_HIDDEN | FDT_IGNORED;
    return descriptor->life->site == site && (descriptor->state & foreign) == 0;
}

static struct ages find_ages(const struct image *image, uint32_t site)
{
    struct ages ages = {.begin = image->segment->sites[site].first_ns};
    ages.length = image->end_ns > ages.begin ? image->end_ns - ages.begin : 0;
    for (size_t i = 0; i < image->open_count && ages.length >= WINDOW_LEAST_NS; i++) {
        uint64_t ns = image->open[i].life->ns;
        if (!counts(&image->open[i], site) || ns < ages.begin)
            continue;
        uint64_t quarter = (ns - ages.begin) / (ages.length / 4);
        ages.quarters[quarter < 3 ? quarter : 3]++;
        ages.live++;
    }
    return ages;
}

/* An even leak has a quarter in each; less than half of that in any is something else. */
static bool born_all_along(const struct ages *ages)
{
    for (unsigned i = 0; i < 4; i++)
        if (ages->quarters[i] < ages->live / 8)
            return false;
    return ages->live >= LIVE_LEAST;
}

static void report(const struct rule *rule, const struct image *image, struct findings *findings, uint32_t site)
{
    uint16_t call = image->segment->sites[site].call;
    struct finding *finding = findings_at(findings, rule, image, model_site_key(findings->model, image, site, call), 0);
    if (finding == NULL)
        return;
    for (size_t i = 0; i < image->open_count; i++) {
        if (!counts(&image->open[i], site))
            continue;
        finding->count++;
        finding_add_descriptor(findings, finding, image->open[i]);
        if (finding->stack_count == 0)
            finding_add_birth(finding, &image->open[i]);
    }
}

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    if (image->segment == NULL || image->end.how != END_RUNNING || image->judged)
        return;
    for (uint32_t site = 1; site < image->segment->site_count; site++) {
        const struct fdt_site *entry = &image->segment->sites[site];
        uint64_t live = entry->births > entry->deaths ? entry->births - entry->deaths : 0;
        if (live < LIVE_LEAST || !samples_rise(entry, live))
            continue;
        struct ages ages = find_ages(image, site);
        if (born_all_along(&ages))
            report(rule, image, findings, site);
    }
}

static void put_duration(FILE *out, double seconds)
{
    static const struct { double seconds; const char *name; } units[] = {
        {86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    size_t i = 0;
    while (i < 3 && seconds < 2 * units[i].seconds)
        i++;
    double count = seconds / units[i].seconds;
    fprintf(out, "%.0f %s%s", count, units[i].name, count >= 0.5 && count < 1.5 ? "" : "s");
}

/* Per second, over the latest half of its time. */
static double rate_of(const struct ages *ages)
{
    return (double)(ages->quarters[2] + ages->quarters[3]) / ((double)ages->length / 2e9);
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    const struct finding_stack *birth = finding_stack(finding, "birth");
    const struct descriptor *first = &finding->descriptors[0];
    struct ages ages = find_ages(first->image, first->life->site);
    double rate = rate_of(&ages);
    words_things(message, finding);
    fprintf(message, " %s", words_birth(birth != NULL ? birth->call : NULL));
    words_place(message, finding, birth);
    fputs(" are still open, and their number keeps growing: ", message);
    if (rate >= 1)
        fprintf(message, "%.1f a second", rate);
    else if (rate * 60 >= 1)
        fprintf(message, "%.1f a minute", rate * 60);
    else
        fprintf(message, "%.1f an hour", rate * 3600);
    fputs("find out what they wait for: who should have closed them", suggestion);
    uint64_t soft = first->image->segment->header.nofile_soft, open = first->image->open_count;
    if (soft == 0 || soft > INT32_MAX || rate <= 0)
        return;
    fprintf(suggestion, "; at this rate process %d reaches its limit of %llu in ", first->image->pid,
            (unsigned long long)soft);
    put_duration(suggestion, soft > open ? (double)(soft - open) / rate : 0);
}

const struct rule_code rule_leak_growth = {check, describe, .by_line = false};
