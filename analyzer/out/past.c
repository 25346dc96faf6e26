/* See past.h. */
#include "out/past.h"

#include "recorder.h"

#include <errno.h>
#include <stdlib.h>

/* Tells a lifetime unless it is the one that the table knows more about. */
static void tell(const struct image *image, const struct fdt_event *birth, uint64_t end_ns, bool end_seen,
                 void (*visit)(const struct past *past, void *data), void *data)
{
    const struct past past = {birth->fd, birth->generation, birth, end_ns > birth->ns ? end_ns : birth->ns, end_seen};
    if (birth->generation != FDT_GENERATION(image->segment->slots[birth->fd].state))
        visit(&past, data);
}

int past_each(const struct image *image, void (*visit)(const struct past *past, void *data), void *data)
{
    struct recorder recorder;
    uint32_t numbers = image->segment->slot_count;
    const struct fdt_event **born = calloc((size_t)numbers + 1, sizeof(*born)); /* by number: not dead yet */
    int result = recorder_read(&recorder, image->segment);
    if (born == NULL)
        result = -ENOMEM;
    for (size_t i = 0; i < recorder.count && result == 0; i++) {
        const struct fdt_event *event = &recorder.events[i];
        if (event->fd < 0 || (uint32_t)event->fd >= numbers)
            continue;
        const struct fdt_event **birth = &born[event->fd];
        bool dies = event->type == FDT_EVENT_DEATH && *birth != NULL && (*birth)->generation == event->generation;
        bool again = event->type == FDT_EVENT_BIRTH && *birth != NULL && (*birth)->generation != event->generation;
        if (dies || again)
            tell(image, *birth, event->ns, dies, visit, data);
        if (event->type == FDT_EVENT_BIRTH)
            *birth = event;
        else if (dies)
            *birth = NULL;
    }
    recorder_free(&recorder);
    free(born);
    return result;
}
