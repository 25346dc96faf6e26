/* See story.h. */
#include "story.h"

#include "support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

char *session;
struct segment_maker maker;
struct model model;
struct findings findings;

void story_begin(void)
{
    session = scratch_make();
    maker_begin(&maker, 42, 1);
}

void story_end(void)
{
    findings_free(&findings);
    model_free(&model);
    maker_free(&maker);
    scratch_remove(session);
}

void record(int next_pid, uint32_t next_image)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%d.%u.fdt", session, maker.header->pid, maker.header->image);
    cr_assert_eq(maker_write(&maker, path), 0);
    uint64_t now = maker.now;
    maker_free(&maker);
    maker_begin(&maker, next_pid, next_image);
    maker.now = maker.header->start_monotonic_ns = now + 1;
}

void judge_with(const struct known_end *ends, size_t end_count)
{
    char error[512] = "";
    int code = model_load(&model, (const char *const[]){session}, 1, ends, end_count, error, sizeof(error));
    cr_assert_eq(code, 0, "%s", error);
    cr_assert_eq(findings_gather(&findings, &model), 0);
}

void judge(void)
{
    judge_with(NULL, 0);
}

const struct finding *only(const char *rule, size_t how_many)
{
    const struct finding *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < findings.count; i++)
        if (strcmp(findings.items[i]->rule->id, rule) == 0) {
            found = findings.items[i];
            count++;
        }
    cr_assert_eq(count, how_many, "%zu findings of %s", count, rule);
    return found;
}
