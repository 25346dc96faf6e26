/* Limits on descriptors. See headroom.h. */
#include "headroom.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* 0 when it cannot be read; what is greater than a number can say is no limit that anybody meets. */
static uint64_t read_number(const char *path)
{
    unsigned long long number = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%llu", &number) != 1)
        number = 0;
    fclose(file);
    return number;
}

static const char *which_limit(const struct finding_limits *limits, int error)
{
    if (error == ENFILE)
        return "fs.file-max";
    if (limits->soft < limits->hard)
        return "RLIMIT_NOFILE (soft)";
    return limits->hard == limits->nr_open ? "RLIMIT_NOFILE (hard, and as high as fs.nr_open)" : "RLIMIT_NOFILE (hard)";
}

struct finding_limits *limits_of(const struct image *image, uint64_t soft, int error)
{
    struct finding_limits *limits = calloc(1, sizeof(*limits));
    if (limits == NULL)
        return NULL;
    limits->soft = soft;
    limits->hard = image->segment->header.nofile_hard;
    limits->nr_open = read_number("/proc/sys/fs/nr_open");
    limits->file_max = read_number("/proc/sys/fs/file-max");
    limits->peak = image->peak;
    limits->which = which_limit(limits, error);
    return limits;
}

/* Both times come from the recording; one that is damaged may have them in any order. */
static double seconds_between(uint64_t from, uint64_t to)
{
    return to > from ? (double)(to - from) / 1e9 : 0;
}

void limits_add_holders(struct finding_limits *limits, struct model *model, const struct image *image, int error)
{
    for (uint32_t i = 0; i < image->segment->incident_count && limits->holder_count < LIMIT_HOLDERS_MOST; i++) {
        const struct fdt_incident *incident = &image->segment->incidents[i];
        if (incident->type != FDT_INCIDENT_HOLDER || incident->error != error)
            continue;
        limits->holders[limits->holder_count++] = (struct limit_holder){
            .oldest = model_descriptor(image, incident->fd, incident->generation, incident->state, &incident->life),
            .live = incident->count,
            .oldest_age = seconds_between(incident->life.ns, incident->ns),
            .youngest_age = seconds_between(incident->limit, incident->ns),
            .stack = model_stack(model, image, incident->life.site),
        };
    }
}
