/*
 * --format folded: one line a stack, outermost frame first, frames parted by semicolons, and what it weighs: the
 * descriptors that were born there and open at the end. For flamegraph.pl, inferno, speedscope and whatever else reads
 * it.
 */
#include "out/profile.h"
#include "out/writer.h"

#include "escape.h"

/* A semicolon would be two frames (Rust writes [u8; 4]), and no reader of the format knows a way to quote one. */
static void part_by_other_means(char *label)
{
    for (; *label != '\0'; label++)
        if (*label == ';')
            *label = ':';
}

static int write_folded(FILE *out, const struct report_view *view)
{
    struct profile profile;
    int result = profile_gather(&profile, view->model);
    for (size_t i = 0; i < profile.frame_count; i++)
        part_by_other_means(profile.frames[i].label);
    for (size_t i = 0; i < profile.sample_count && result == 0; i++) {
        const struct profile_sample *sample = &profile.samples[i];
        if (sample->live == 0)
            continue;
        for (size_t j = 0; j < sample->depth; j++) {
            if (j > 0)
                putc(';', out);
            escape_print(out, profile.frames[sample->frames[j]].label);
        }
        fprintf(out, " %llu\n", (unsigned long long)sample->live);
    }
    profile_free(&profile);
    return result;
}

const struct writer writer_folded = {"folded", write_folded};
