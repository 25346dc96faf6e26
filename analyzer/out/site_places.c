/* See site_places.h. */
#include "out/site_places.h"

#include <stdlib.h>

bool site_places_begin(struct site_places *places, const struct image *image)
{
    size_t count = (size_t)image->segment->site_count + 1; /* site 0 is asked about where there are none, too */
    *places = (struct site_places){image, calloc(count, sizeof(*places->frames)), calloc(count, sizeof(bool))};
    if (places->frames != NULL && places->looked_up != NULL)
        return true;
    site_places_end(places);
    return false;
}

void site_places_end(struct site_places *places)
{
    free(places->frames);
    free(places->looked_up);
}

const struct model_frame *site_place(struct site_places *places, uint32_t site)
{
    if (!places->looked_up[site]) {
        struct model_stack stack = model_stack(places->image->model, places->image, site);
        places->frames[site] = own_frame(places->image->exe, &stack);
        places->looked_up[site] = true;
    }
    return places->frames[site];
}
