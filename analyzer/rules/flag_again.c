/* See flag_again.h. */
#include "rules/flag_again.h"

#include "words.h"

void flag_again_find(struct finding *finding, const struct image *image, uint32_t site)
{
    const struct segment *segment = image->segment;
    for (uint32_t i = 0; segment != NULL && site != FDT_NO_SITE && i < segment->incident_count; i++) {
        const struct fdt_incident *incident = &segment->incidents[i];
        if (incident->type != FDT_INCIDENT_FLAG_AGAIN || incident->before.birth_site != site)
            continue;
        finding->again = incident;
        finding_add_stack(finding, (struct finding_stack){
                                       .role = "set-again", .image = image, .site = incident->site,
                                       .call = segment_call(segment, incident->call), .thread = incident->tid,
                                       .ns = incident->ns});
        return;
    }
}

void flag_again_put(FILE *suggestion, const struct finding *finding)
{
    const struct finding_stack *stack = finding_stack(finding, "set-again");
    const struct fdt_incident *again = finding->again;
    if (stack == NULL || again == NULL)
        return;
    struct descriptor twice = model_descriptor(stack->image, again->fd, again->generation, again->state, &again->life);
    fputs("; close-on-exec was set", suggestion);
    words_place(suggestion, finding, stack);
    fprintf(suggestion, " on descriptor %d (", again->fd);
    words_thing(suggestion, &twice);
    fputs("), which had it already: was this one meant?", suggestion);
}
