/*
 * rights-leak: a descriptor came in a message (SCM_RIGHTS) and was never used for anything, nor closed. The classic is the
 * second descriptor that fits a control buffer meant for one (CMSG_SPACE rounds up); then the copies MSG_PEEK installs; and
 * what a broker only passes on.
 */
#include "rights.h"
#include "rule.h"
#include "words.h"

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    const uint64_t innocent = FDT_INHERITED | FDT_ADOPTED | FDT_HIDDEN | FDT_IGNORED | FDT_UNSEEN_DEATH;
    if (image->segment == NULL || image->end.how == END_RUNNING || image->end.how == END_EXEC)
        return;
    for (size_t i = 0; i < image->open_count; i++) {
        const struct descriptor *descriptor = &image->open[i];
        if ((descriptor->state & FDT_UNTOUCHED) == 0 || (descriptor->state & innocent) != 0 || descriptor->fd <= 2)
            continue;
        struct finding *finding =
            findings_at(findings, rule, image, model_birth_key(findings->model, descriptor), 0);
        if (finding == NULL)
            return;
        finding->count++;
        finding_add_descriptor(findings, finding, *descriptor);
        if (finding->stack_count > 0)
            continue;
        finding_add_birth(finding, descriptor);
        const struct sent_right *sent = rights_source(descriptor);
        if (sent != NULL)
            finding_add_stack(finding, (struct finding_stack){
                                           .role = "send", .image = sent->image, .site = sent->right->site,
                                           .call = segment_call(sent->image->segment, sent->right->call),
                                           .thread = sent->right->tid, .ns = sent->right->ns});
    }
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    words_things(message, finding);
    fputs(" received", message);
    words_place(message, finding, finding_stack(finding, "birth"));
    fputs(finding->count > 1 ? " were never used nor closed" : " was never used nor closed", message);
    fputs("go through every SCM_RIGHTS part by its cmsg_len, and close what was not expected: all descriptors of a message "
          "are installed, also the second one in the padding of a buffer for one, and new copies by each MSG_PEEK",
          suggestion);
}

const struct rule_code rule_rights_leak = {check, describe, .by_line = true};
