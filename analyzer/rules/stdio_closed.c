/*
 * stdio-closed: an inherited 0, 1 or 2 was closed and never replaced: the next open lands there. Usually it is the
 * close of a variable that was never set, which succeeded by luck.
 *
 * Told only of programs that had never used it, or went on working with descriptors of their own: cat closes its input,
 * too, when all is done.
 *
 * Silent: shells, which are told to; fclose, by which programs make sure that their output was written; a program that
 * closed two of them or all three, because that was meant; sweeps; and who goes on by an exec.
 */
#include "rule.h"
#include "words.h"

#include <string.h>

static bool was_closed(const struct image *image, uint32_t fd)
{
    const struct fdt_slot *slot = fd < image->segment->slot_count ? &image->segment->slots[fd] : NULL;
    const char *call = slot != NULL ? segment_call(image->segment, slot->death.call) : NULL;
    return slot != NULL && (slot->state & FDT_LIVE) == 0 && (slot->state & FDT_INHERITED) != 0 &&
           (slot->state & FDT_UNSEEN_DEATH) == 0 && slot->death.ns != 0 &&
           slot->death.generation == FDT_GENERATION(slot->state) && call != NULL && strcmp(call, "close") == 0;
}

/* A descriptor of its own, above 2, was still open then. */
static bool went_on(const struct image *image, uint64_t ns)
{
    const uint64_t foreign = FDT_INHERITED | FDT_ADOPTED | FDT_HIDDEN | FDT_UNSEEN_DEATH;
    for (uint32_t fd = 3; fd < image->segment->slot_count; fd++) {
        const struct fdt_slot *slot = &image->segment->slots[fd];
        if ((slot->state & foreign) == 0 && slot->state != 0 && ((slot->state & FDT_LIVE) != 0 || slot->death.ns > ns))
            return true;
    }
    return false;
}

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    if (image->segment == NULL || image->end.how == END_EXEC ||
        (image->segment->header.flags & FDT_HEADER_SHELL) != 0)
        return;
    int closed = -1, many = 0;
    for (int fd = 0; fd <= 2; fd++)
        if (was_closed(image, (uint32_t)fd)) {
            closed = fd;
            many++;
        }
    if (many != 1)
        return;
    const struct fdt_slot *slot = &image->segment->slots[closed];
    if ((slot->state & FDT_UNTOUCHED) == 0 && !went_on(image, slot->death.ns))
        return;
    uint64_t offence = model_site_key(findings->model, image, slot->death.site, slot->death.call);
    struct finding *finding = findings_at(findings, rule, image, 0, offence);
    if (finding == NULL)
        return;
    finding->count++;
    finding_add_descriptor(findings, finding, model_descriptor(image, closed, FDT_GENERATION(slot->state), slot->state,
                                                               &slot->life));
    if (finding->stack_count == 0)
        finding_add_stack(finding, (struct finding_stack){
                                       .role = "death", .image = image, .site = slot->death.site,
                                       .call = segment_call(image->segment, slot->death.call),
                                       .thread = slot->death.tid, .ns = slot->death.ns});
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    static const char *const standard[] = {"input (0)", "output (1)", "error (2)"};
    int fd = finding->descriptors[0].fd;
    fprintf(message, "standard %s was closed", standard[fd >= 0 && fd <= 2 ? fd : 0]);
    words_place(message, finding, finding_stack(finding, "death"));
    fputs(" and never replaced: the next open is given its number", message);
    fputs("if it is meant, put /dev/null there; if not, look where the number comes from: a variable that was never set "
          "is often 0", suggestion);
}

const struct rule_code rule_stdio_closed = {check, describe, .by_line = false};
