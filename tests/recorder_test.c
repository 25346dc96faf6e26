/* The flight recorder's reader: what is whole is told in order, what is not is left out, and no byte is believed. */
#include "../analyzer/recorder.h"
#include "segment_maker.h"
#include "support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { SHARD = MAKER_EVENTS / FDT_SHARDS };

static char *folder;
static const char *path;
static struct segment_maker maker;

static void begin(void)
{
    folder = scratch_make();
    path = text("%s/42.1.fdt", folder);
    maker_begin(&maker, 42, 1);
}

static void end(void)
{
    maker_free(&maker);
    scratch_remove(folder);
}

TestSuite(recorder, .init = begin, .fini = end);

static struct segment *written(void)
{
    char error[256] = "";
    struct segment *segment = NULL;
    cr_assert_eq(maker_write(&maker, path), 0);
    cr_assert_eq(segment_open(path, &segment, error, sizeof(error)), 0, "%s", error);
    return segment;
}

static struct fdt_event event(uint64_t sequence, uint64_t ns, int fd)
{
    return (struct fdt_event){.sequence = sequence, .ns = ns, .fd = fd, .type = FDT_EVENT_BIRTH, .call = FDT_NO_CALL};
}

/* The numbers of the events in their order, as text. */
static const char *told(const struct segment *segment, int expected)
{
    static char numbers[256];
    struct recorder recorder;
    cr_assert_eq(recorder_read(&recorder, segment), expected);
    numbers[0] = '\0';
    for (size_t i = 0; i < recorder.count; i++)
        snprintf(numbers + strlen(numbers), sizeof(numbers) - strlen(numbers), "%d ", recorder.events[i].fd);
    recorder_free(&recorder);
    return numbers;
}

Test(recorder, shards_are_merged_by_time)
{
    maker.ring[0] = event(1, 10, 1);
    maker.ring[1] = event(2, 30, 3);
    maker.ring[2 * SHARD] = event(1, 20, 2);
    maker.ring[3 * SHARD] = event(1, 30, 4);
    maker.header->shards[0].next = 2;
    maker.header->shards[2].next = maker.header->shards[3].next = 1;
    struct segment *segment = written();
    cr_expect_str_eq(told(segment, 0), "1 2 4 3 ");
    segment_free(segment);
}

/* The oldest entry of a full shard is the one that comes next. */
Test(recorder, a_full_shard_begins_with_its_oldest)
{
    for (uint64_t position = 0; position < SHARD + 3; position++)
        maker.ring[position % SHARD] = event(position + 1, position, (int)position);
    maker.header->shards[0].next = SHARD + 3;
    struct segment *segment = written();
    cr_expect_eq(strncmp(told(segment, 0), "3 4 5 6 ", 8), 0);
    cr_expect_eq(segment->dropped, 3);
    segment_free(segment);
}

Test(recorder, what_is_not_whole_is_left_out)
{
    maker.ring[0] = event(0, 10, 1);         /* being written */
    maker.ring[1] = event(1, 10, 2);         /* belongs elsewhere */
    maker.ring[2] = event(3, 10, 3);
    maker.ring[2].type = FDT_EVENT_NONE;
    maker.ring[3] = event(4, 10, 4);
    maker.ring[3].type = FDT_EVENT_COUNT;    /* a newer vocabulary */
    maker.ring[4] = event(5, 10, 5);
    maker.ring[5] = event(6, 10, 6);         /* beyond what was begun */
    maker.header->shards[0].next = 5;
    struct segment *segment = written();
    cr_expect_str_eq(told(segment, 0), "5 ");
    segment_free(segment);
}

Test(recorder, nothing_in_an_event_leads_outside)
{
    struct recorder recorder;
    maker.ring[0] = event(1, 10, 1);
    maker.ring[0].site = 4000000000u;
    maker.ring[0].call = 65000;
    maker.header->shards[0].next = UINT64_MAX;
    struct segment *segment = written();
    cr_assert_eq(recorder_read(&recorder, segment), 0);
    cr_assert_eq(recorder.count, 1);
    cr_expect_eq(recorder.events[0].site, FDT_NO_SITE);
    cr_expect_eq(recorder.events[0].call, FDT_NO_CALL);
    recorder_free(&recorder);
    segment_free(segment);
}

/* The folder may have been cleared, or another program recorded under the same name, since the segment was read. */
Test(recorder, another_file_is_not_taken_for_the_recording)
{
    maker.ring[0] = event(1, 10, 1);
    maker.header->shards[0].next = 1;
    struct segment *segment = written();
    cr_assert_eq(rename(path, text("%s/kept", folder)), 0);
    cr_expect_str_eq(told(segment, -ESTALE), "");
    cr_assert_eq(maker_write(&maker, path), 0);
    cr_expect_str_eq(told(segment, -ESTALE), "");
    segment_free(segment);
}

/* It is one that somebody else keeps, and cuts short. */
Test(recorder, a_file_that_was_cut_short_is_read_as_far_as_it_goes)
{
    maker.ring[0] = event(1, 10, 1);
    maker.header->shards[0].next = SHARD;
    struct segment *segment = written();
    cr_assert_eq(truncate(path, (off_t)(maker.header->parts[FDT_PART_RING].offset + sizeof(struct fdt_event))), 0);
    cr_expect_str_eq(told(segment, 0), "1 ");
    segment_free(segment);
}
