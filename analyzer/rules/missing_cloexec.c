/*
 * missing-cloexec: a site whose descriptors are born without close-on-exec, and never given the flag. Harmless until
 * something execs, hence a note. Setting the flag by a later fcntl leaves a gap another thread's fork can fall into, so
 * the suggestion is always the call that sets it at birth.
 */
#include "cure.h"
#include "rule.h"
#include "rules/flag_again.h"
#include "rules/leak_across_exec.h"
#include "words.h"

#include <stdlib.h>

/* What is known of one site: from its counters, and from the numbers whose latest lifetime was born there. */
struct account {
    struct finding *finding;
    bool seen;          /* some number's latest lifetime was born there...         */
    bool accusable;     /* ... and one of them is above 2 and nobody's secret       */
    bool shown;         /* the finding has a descriptor of this image's site        */
};

static bool is_accusable(uint32_t fd, const struct fdt_slot *slot)
{
    return fd > 2 && (slot->state & (FDT_HIDDEN | FDT_IGNORED | FDT_INHERITED | FDT_ADOPTED)) == 0;
}

static void look_at_numbers(const struct segment *segment, struct account *accounts)
{
    for (uint32_t fd = 0; fd < segment->slot_count; fd++) {
        const struct fdt_slot *slot = &segment->slots[fd];
        if (slot->state == 0 || slot->life.site == FDT_NO_SITE)
            continue;
        accounts[slot->life.site].seen = true;
        accounts[slot->life.site].accusable |= is_accusable(fd, slot);
    }
}

static void look_at_sites(const struct rule *rule, const struct image *image, struct findings *findings,
                          struct account *accounts)
{
    const struct segment *segment = image->segment;
    for (uint32_t id = 1; id < segment->site_count; id++) {
        const struct fdt_site *site = &segment->sites[id];
        /* Standard input, output and error are meant to be inherited: a site that only makes those is innocent. */
        if (site->inheritable == 0 || (accounts[id].seen && !accounts[id].accusable))
            continue;
        uint64_t key = model_site_key(findings->model, image, id, site->call);
        if (findings_noted(findings, leaked_across_exec(image, key)))
            continue; /* it is told as leak-across-exec */
        struct finding *finding = findings_at(findings, rule, image, key, 0);
        if (finding == NULL)
            return;
        accounts[id].finding = finding;
        finding->count += site->inheritable;
        if (finding->stack_count == 0) {
            finding_add_stack(finding, (struct finding_stack){.role = "birth", .image = image, .site = id,
                                                              .call = segment_call(segment, site->call),
                                                              .thread = site->tid, .ns = site->first_ns});
            flag_again_find(finding, image, id);
        }
    }
}

/* Examples: what is open and would be inherited; for a site that has nothing open, the latest it had. */
static void add_examples(const struct image *image, struct findings *findings, struct account *accounts, bool live)
{
    const struct segment *segment = image->segment;
    for (uint32_t fd = 0; fd < segment->slot_count; fd++) {
        const struct fdt_slot *slot = &segment->slots[fd];
        if (slot->state == 0 || (slot->state & FDT_CLOEXEC) != 0 || !is_accusable(fd, slot))
            continue;
        struct account *account = &accounts[slot->life.site];
        if (account->finding == NULL || ((slot->state & FDT_LIVE) != 0) != live || (!live && account->shown))
            continue;
        finding_add_descriptor(findings, account->finding,
                               model_descriptor(image, (int)fd, FDT_GENERATION(slot->state), slot->state, &slot->life));
        account->shown = true;
    }
}

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    if (image->segment == NULL)
        return;
    struct account *accounts = calloc((size_t)image->segment->site_count + 1, sizeof(*accounts));
    if (accounts == NULL) {
        findings->out_of_memory = true;
        return;
    }
    look_at_numbers(image->segment, accounts);
    look_at_sites(rule, image, findings, accounts);
    add_examples(image, findings, accounts, true);
    add_examples(image, findings, accounts, false);
    free(accounts);
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    const struct finding_stack *birth = finding_stack(finding, "birth");
    words_things(message, finding);
    fprintf(message, " %s", words_birth(birth->call));
    words_place(message, finding, birth);
    fputs(" without close-on-exec: every program this one executes inherits ", message);
    fputs(finding->count > 1 ? "them" : "it", message);
    fprintf(suggestion, "use %s", cloexec_cure(birth->call));
    flag_again_put(suggestion, finding);
}

const struct rule_code rule_missing_cloexec = {check, describe, .by_line = true};
