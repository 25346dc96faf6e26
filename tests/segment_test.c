/* The segment: its layout, and reading it, good or bad. */
#include "segment_maker.h"
#include "segment_reader.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_SIZE 512

/* Every field of every structure, so that the document and the header cannot drift apart. */
struct layout {
    const char *structure, *field;
    size_t total, offset, size;
};
#define F(structure, field)                                                                            \
    {"struct " #structure, #field, sizeof(struct structure), offsetof(struct structure, field),        \
     sizeof(((struct structure *)0)->field)}
static const struct layout layouts[] = {
    F(fdt_header, magic), F(fdt_header, version), F(fdt_header, min_reader), F(fdt_header, header_size),
    F(fdt_header, machine), F(fdt_header, file_size), F(fdt_header, parts), F(fdt_header, secured), F(fdt_header, pid),
    F(fdt_header, ppid), F(fdt_header, uid), F(fdt_header, gid), F(fdt_header, image), F(fdt_header, how),
    F(fdt_header, predecessor_pid), F(fdt_header, predecessor_image), F(fdt_header, start_monotonic_ns),
    F(fdt_header, start_realtime_ns), F(fdt_header, end_ns), F(fdt_header, nofile_soft), F(fdt_header, nofile_hard),
    F(fdt_header, state), F(fdt_header, exit_status), F(fdt_header, depth), F(fdt_header, unwinder),
    F(fdt_header, epoch), F(fdt_header, calls), F(fdt_header, modules), F(fdt_header, incidents), F(fdt_header, sites),
    F(fdt_header, frames), F(fdt_header, high_water), F(fdt_header, reconciled), F(fdt_header, argc),
    F(fdt_header, flags), F(fdt_header, lost), F(fdt_header, execs), F(fdt_header, crossings), F(fdt_header, rights),
    F(fdt_header, suppressions), F(fdt_header, forks), F(fdt_header, limit_peak),
    F(fdt_header, threads), F(fdt_header, unused), F(fdt_header, main_thread),
    F(fdt_header, reserved), F(fdt_header, open_now),
    F(fdt_header, open_peak), F(fdt_header, open_padding), F(fdt_header, shards),
    F(fdt_header, exe), F(fdt_header, cwd), F(fdt_header, argv),
    F(fdt_part, offset), F(fdt_part, count), F(fdt_part, entry_size),
    F(fdt_ring_head, next), F(fdt_ring_head, padding),
    F(fdt_lost, slots), F(fdt_lost, sites), F(fdt_lost, incidents), F(fdt_lost, modules), F(fdt_lost, stacks),
    F(fdt_lost, execs), F(fdt_lost, crossings), F(fdt_lost, threads),
    F(fdt_slot, state), F(fdt_slot, pen), F(fdt_slot, used), F(fdt_slot, death), F(fdt_slot, life),
    F(fdt_life, ns), F(fdt_life, site), F(fdt_life, tid), F(fdt_life, call), F(fdt_life, kind), F(fdt_life, owner),
    F(fdt_life, flags), F(fdt_life, handle), F(fdt_life, from), F(fdt_life, from_generation), F(fdt_life, token),
    F(fdt_life, root_pid), F(fdt_life, root_image), F(fdt_life, root_site), F(fdt_life, root_generation),
    F(fdt_life, name),
    F(fdt_death, ns), F(fdt_death, site), F(fdt_death, tid), F(fdt_death, generation), F(fdt_death, call),
    F(fdt_death, error),
    F(fdt_sample, ns), F(fdt_sample, live), F(fdt_sample, births),
    F(fdt_site, hash), F(fdt_site, frames), F(fdt_site, depth), F(fdt_site, call), F(fdt_site, births),
    F(fdt_site, deaths), F(fdt_site, inheritable), F(fdt_site, peak), F(fdt_site, flags), F(fdt_site, first_ns),
    F(fdt_site, epoch), F(fdt_site, tid), F(fdt_site, samples),
    F(fdt_event, sequence), F(fdt_event, ns), F(fdt_event, site), F(fdt_event, tid), F(fdt_event, fd),
    F(fdt_event, generation), F(fdt_event, other), F(fdt_event, call), F(fdt_event, type), F(fdt_event, reserved),
    F(fdt_event, value),
    F(fdt_past, birth_ns), F(fdt_past, death_ns), F(fdt_past, birth_site), F(fdt_past, death_site),
    F(fdt_past, birth_tid), F(fdt_past, death_tid), F(fdt_past, generation), F(fdt_past, birth_call),
    F(fdt_past, death_call), F(fdt_past, kind), F(fdt_past, owner), F(fdt_past, reserved),
    F(fdt_incident, commit), F(fdt_incident, count), F(fdt_incident, type), F(fdt_incident, call), F(fdt_incident, fd),
    F(fdt_incident, ns), F(fdt_incident, last_ns), F(fdt_incident, site), F(fdt_incident, tid), F(fdt_incident, error),
    F(fdt_incident, generation), F(fdt_incident, state), F(fdt_incident, death), F(fdt_incident, life),
    F(fdt_incident, before), F(fdt_incident, limit), F(fdt_incident, open), F(fdt_incident, next),
    F(fdt_module, commit), F(fdt_module, born), F(fdt_module, died), F(fdt_module, build_id_length),
    F(fdt_module, start), F(fdt_module, end), F(fdt_module, bias), F(fdt_module, build_id), F(fdt_module, path),
    F(fdt_exec, commit), F(fdt_exec, call), F(fdt_exec, how), F(fdt_exec, ns), F(fdt_exec, site), F(fdt_exec, tid),
    F(fdt_exec, child), F(fdt_exec, error), F(fdt_exec, group), F(fdt_exec, flags), F(fdt_exec, argc),
    F(fdt_exec, next), F(fdt_exec, text),
    F(fdt_crossing, commit), F(fdt_crossing, group), F(fdt_crossing, fd), F(fdt_crossing, from),
    F(fdt_crossing, crossings), F(fdt_crossing, lifetimes), F(fdt_crossing, generation), F(fdt_crossing, flags),
    F(fdt_crossing, state), F(fdt_crossing, next), F(fdt_crossing, reserved), F(fdt_crossing, life),
    F(fdt_right, sequence), F(fdt_right, ns), F(fdt_right, token), F(fdt_right, message), F(fdt_right, fd),
    F(fdt_right, generation), F(fdt_right, socket), F(fdt_right, socket_generation), F(fdt_right, site),
    F(fdt_right, tid), F(fdt_right, call), F(fdt_right, flags), F(fdt_right, index), F(fdt_right, total),
    F(fdt_right, state), F(fdt_right, life),
    F(fdt_thread, commit), F(fdt_thread, tid), F(fdt_thread, born_ns), F(fdt_thread, ended_ns), F(fdt_thread, name),
};
#define LAYOUT_COUNT (sizeof(layouts) / sizeof(layouts[0]))

Test(segment, document_agrees_with_header)
{
    FILE *document = fopen("include/fdtrace/segment.md", "re");
    if (document == NULL)
        cr_skip_test("the document is looked for from the top of the source tree");
    char line[1024], structure[64] = "", field[64];
    size_t offset, size, total = 0, next = 0;
    while (fgets(line, sizeof(line), document) != NULL) {
        if (sscanf(line, "## struct %63s (%zu bytes)", field, &total) == 2)
            snprintf(structure, sizeof(structure), "struct %.50s", field);
        if (sscanf(line, "| %zu | %zu | `%63[a-z_]`", &offset, &size, field) != 3)
            continue;
        cr_assert_lt(next, LAYOUT_COUNT, "a row too many: %s", line);
        const struct layout *expected = &layouts[next++];
        cr_assert_str_eq(structure, expected->structure);
        cr_assert_str_eq(field, expected->field);
        cr_assert_eq(total, expected->total, "%s", structure);
        cr_assert_eq(offset, expected->offset, "%s.%s", structure, field);
        cr_assert_eq(size, expected->size, "%s.%s", structure, field);
    }
    fclose(document);
    cr_assert_eq(next, LAYOUT_COUNT, "rows are missing from %s on", layouts[next % LAYOUT_COUNT].field);
}

Test(segment, fields_leave_no_room_unnamed)
{
    for (size_t i = 1; i < LAYOUT_COUNT; i++) {
        const struct layout *before = &layouts[i - 1], *here = &layouts[i];
        if (strcmp(before->structure, here->structure) != 0)
            continue;
        size_t gap = here->offset - before->offset - before->size;
        if (strcmp(here->field, "open_now") == 0) /* begins a cache line, on purpose */
            cr_assert_lt(gap, 64);
        else
            cr_assert_eq(gap, 0, "%s: %zu bytes before %s", here->structure, gap, here->field);
    }
}

/* A file in a private folder, gone at the end of the test. */
static char folder[64], path[128];

static void make_folder(void)
{
    strcpy(folder, "/tmp/fdtrace-segment-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/42.1.fdt", folder);
}

static void remove_folder(void)
{
    unlink(path);
    rmdir(folder);
}

TestSuite(segment_file, .init = make_folder, .fini = remove_folder);

static struct segment *open_good(const struct segment_maker *maker)
{
    char error[TEXT_SIZE] = "";
    struct segment *segment = NULL;
    cr_assert_eq(maker_write(maker, path), 0);
    cr_assert_eq(segment_open(path, &segment, error, sizeof(error)), 0, "%s", error);
    return segment;
}

static void expect_refusal(const struct segment_maker *maker, int code, const char *words)
{
    char error[TEXT_SIZE] = "";
    struct segment *segment = NULL;
    cr_assert_eq(maker_write(maker, path), 0);
    cr_assert_eq(segment_open(path, &segment, error, sizeof(error)), code, "%s", error);
    cr_assert_not_null(strstr(error, words), "'%s' does not say '%s'", error, words);
    cr_assert_not_null(strstr(error, path), "'%s' does not say which file", error);
    cr_assert_null(strchr(error, '\n'));
}

Test(segment_file, what_was_written_is_read)
{
    struct segment_maker maker;
    maker_begin(&maker, 42, 1);
    uint32_t born = maker_site_at(&maker, "open", 0x100), died = maker_site_at(&maker, "close", 0x200);
    maker_birth(&maker, 5, born, FDT_FILE, "/etc/passwd", FDT_CLOEXEC);
    maker_death(&maker, 5, died);
    maker_incident(&maker, FDT_INCIDENT_DOUBLE_CLOSE, 5, died, EBADF);
    maker_exit(&maker, 7);
    struct segment *segment = open_good(&maker);
    cr_assert_eq(segment->slot_count, 6);
    cr_assert_str_eq(segment->slots[5].life.name, "/etc/passwd");
    cr_assert_eq(segment->slots[5].state & FDT_LIVE, 0);
    cr_assert_eq(segment->slots[5].death.site, died);
    cr_assert_eq(segment->sites[born].births, 1);
    cr_assert_eq(segment->sites[born].deaths, 1);
    cr_assert_eq(segment->incident_count, 1);
    cr_assert_str_eq(segment_call(segment, segment->incidents[0].call), "close");
    cr_assert_str_eq(segment_module(segment, MAKER_CODE + 1, 1)->path, "/srv/app");
    cr_assert_null(segment_module(segment, 1, 1));
    cr_assert_eq(segment->header.exit_status, 7);
    segment_free(segment);
    maker_free(&maker);
}

Test(segment_file, a_module_belongs_to_its_epochs)
{
    struct segment_maker maker;
    maker_begin(&maker, 42, 1);
    maker_module(&maker, "/srv/first.so", 0x10000000, 0x1000);
    maker_module(&maker, "/srv/second.so", 0x10000000, 0x1000);
    maker.modules[1].died = 3;
    maker.modules[2].born = 3;
    struct segment *segment = open_good(&maker);
    cr_assert_str_eq(segment_module(segment, 0x10000010, 2)->path, "/srv/first.so");
    cr_assert_str_eq(segment_module(segment, 0x10000010, 3)->path, "/srv/second.so");
    segment_free(segment);
    maker_free(&maker);
}

Test(segment_file, incidents_taken_back_or_torn_are_skipped)
{
    struct segment_maker maker;
    maker_begin(&maker, 42, 1);
    uint32_t site = maker_site_at(&maker, "close", 0x200);
    maker_birth(&maker, 5, site, FDT_FILE, NULL, 0);
    maker_incident(&maker, FDT_INCIDENT_DOUBLE_CLOSE, 5, site, EBADF)->count = 0;
    maker_incident(&maker, FDT_INCIDENT_BAD_USE, 5, site, EBADF)->commit = 0;
    maker_incident(&maker, FDT_INCIDENT_LIMIT, -1, site, EMFILE);
    struct segment *segment = open_good(&maker);
    cr_assert_eq(segment->incident_count, 1);
    cr_assert_eq(segment->incidents[0].type, FDT_INCIDENT_LIMIT);
    segment_free(segment);
    maker_free(&maker);
}

Test(segment_file, only_secured_entries_are_read)
{
    struct segment_maker maker;
    maker_begin(&maker, 42, 1);
    uint32_t site = maker_site_at(&maker, "open", 0x100);
    maker_birth(&maker, 3, site, FDT_FILE, NULL, 0);
    maker_birth(&maker, 500, site, FDT_FILE, NULL, 0);
    maker.header->secured[FDT_PART_TABLE] = 100;
    struct segment *segment = open_good(&maker);
    cr_assert_eq(segment->slot_count, 100);
    segment_free(segment);
    maker_free(&maker);
}

/* Where a name has no end, or an id lies in the middle or outside, there is a text or none, and no reading beyond. */
Test(segment_file, names_of_calls_end)
{
    struct segment_maker maker;
    maker_begin(&maker, 42, 1);
    cr_assert_eq(maker_call(&maker, "open"), 0);
    cr_assert_eq(maker_call(&maker, "close"), 5);
    memset(maker.calls + 11, 'x', MAKER_CALLS - 11);
    struct segment *segment = open_good(&maker);
    cr_assert_str_eq(segment_call(segment, 0), "open");
    cr_assert_str_eq(segment_call(segment, 5), "close");
    cr_assert_null(segment_call(segment, 4));
    cr_assert_eq(strlen(segment_call(segment, 11)), MAKER_CALLS - 11);
    cr_assert_null(segment_call(segment, MAKER_CALLS));
    cr_assert_null(segment_call(segment, FDT_NO_CALL));
    segment_free(segment);
    maker_free(&maker);
}

Test(segment_file, longer_entries_of_a_newer_writer_are_stepped_over)
{
    struct segment_maker maker;
    maker_begin(&maker, 42, 1);
    struct fdt_part *modules = &maker.header->parts[FDT_PART_MODULES];
    /* Entries of twice our size: every second one of ours is the tail of a longer entry. */
    maker_module(&maker, "/tail", 0x800000, 0x1000);
    maker_module(&maker, "/srv/lib", 0x900000, 0x1000);
    modules->entry_size *= 2;
    modules->count = maker.header->secured[FDT_PART_MODULES] = MAKER_MODULES / 2;
    maker.header->version = FDT_VERSION + 1;
    struct segment *segment = open_good(&maker);
    cr_assert_eq(segment->module_count, 2);
    cr_assert_str_eq(segment->modules[0].path, "/srv/app");
    cr_assert_str_eq(segment->modules[1].path, "/srv/lib");
    segment_free(segment);
    maker_free(&maker);
}

Test(segment_file, dropped_events_are_counted)
{
    struct segment_maker maker;
    maker_begin(&maker, 42, 1);
    maker.header->shards[1].next = MAKER_EVENTS / FDT_SHARDS + 10;
    maker.header->shards[2].next = 5;
    struct segment *segment = open_good(&maker);
    cr_assert_eq(segment->events, MAKER_EVENTS / FDT_SHARDS + 15);
    cr_assert_eq(segment->dropped, 10);
    segment_free(segment);
    maker_free(&maker);
}

Test(segment_file, bad_files_are_refused_in_one_line)
{
    struct segment_maker maker;
    maker_begin(&maker, 42, 1);
    struct fdt_header good = *maker.header;

    maker.header->min_reader = maker.header->version = 7;
    expect_refusal(&maker, -EPROTO, "newer fdtrace (format 7, this one reads up to 5)");
    maker.header->min_reader = maker.header->version = 1;
    expect_refusal(&maker, -EPROTO, "older fdtrace (format 1, this one reads 5 and later)");
    *maker.header = good;
    maker.header->magic[0] = 'X';
    expect_refusal(&maker, -EBADMSG, "not an fdtrace recording");
    *maker.header = good;
    memset(maker.header->magic, 0, sizeof(maker.header->magic));
    expect_refusal(&maker, -ENODATA, "before the recording began");
    *maker.header = good;
    maker.header->file_size++;
    expect_refusal(&maker, -EBADMSG, "cut short");
    *maker.header = good;
    maker.header->header_size = 1;
    expect_refusal(&maker, -EBADMSG, "damaged");
    *maker.header = good;
    maker.header->parts[FDT_PART_SITES].offset = maker.size;
    expect_refusal(&maker, -EBADMSG, "its sites part");
    *maker.header = good;
    maker.header->parts[FDT_PART_TABLE].offset = UINT64_MAX - 4096;
    expect_refusal(&maker, -EBADMSG, "its table part");
    *maker.header = good;
    maker.header->parts[FDT_PART_MODULES].entry_size = 4;
    expect_refusal(&maker, -EBADMSG, "its modules part");
    *maker.header = good;
    size_t size = maker.size;
    for (maker.size = 0; maker.size < size; maker.size += 1000)
        expect_refusal(&maker, -EBADMSG, maker.size < 8 ? "not an fdtrace recording" : "cut short");
    maker_free(&maker);
}

Test(segment_file, what_is_no_file_is_refused)
{
    char error[TEXT_SIZE] = "";
    struct segment *segment;
    cr_assert_eq(segment_open(path, &segment, error, sizeof(error)), -ENOENT);
    cr_assert_eq(segment_open(folder, &segment, error, sizeof(error)), -EBADMSG);
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert_eq(segment_open(path, &segment, error, sizeof(error)), -EBADMSG, "a FIFO must not be waited for");
}

/* Everything segment_reader.h promises about what it hands out. */
static void check_promises(const struct segment *segment)
{
    cr_assert(memchr(segment->header.exe, 0, FDT_EXE_SIZE) && memchr(segment->header.argv, 0, FDT_ARGV_SIZE));
    for (uint32_t i = 0; i < segment->site_count; i++) {
        const struct fdt_site *site = &segment->sites[i];
        cr_assert_leq((uint64_t)site->depth, FDT_DEPTH_MAX);
        cr_assert(site->depth == 0 || (uint64_t)site->frames + site->depth <= segment->frame_count);
        cr_assert(site->call == FDT_NO_CALL || site->call < segment->call_count);
    }
    for (uint32_t i = 0; i < segment->slot_count; i++) {
        const struct fdt_life *life = &segment->slots[i].life;
        if (segment->slots[i].state == 0)
            continue;
        cr_assert(memchr(life->name, 0, FDT_NAME_SIZE) && life->kind < FDT_KIND_COUNT && life->owner < FDT_OWNER_COUNT);
        cr_assert(life->site == FDT_NO_SITE || life->site < segment->site_count);
    }
    for (uint32_t i = 0; i < segment->incident_count; i++)
        cr_assert(segment->incidents[i].type < FDT_INCIDENT_COUNT && segment->incidents[i].count > 0);
    for (uint32_t i = 0; i < segment->module_count; i++)
        cr_assert(memchr(segment->modules[i].path, 0, sizeof(segment->modules[i].path)) &&
                  segment->modules[i].build_id_length <= 20);
}

Test(segment_file, any_bytes_are_put_in_order)
{
    /* xorshift64: the same story every time. */
    uint64_t random = UINT64_C(0x9e3779b97f4a7c15);
    for (int round = 0; round < 200; round++) {
        struct segment_maker maker;
        maker_begin(&maker, 42, 1);
        for (size_t i = FDT_HEADER_SIZE; i + 8 <= maker.size; i += 8) {
            random ^= random << 13, random ^= random >> 7, random ^= random << 17;
            memcpy(maker.memory + i, &random, 8);
            i += random >> 32 & 0x1ff8;
        }
        maker.header->high_water = UINT32_MAX;
        maker.header->state = (uint32_t)random % 5;
        struct segment *segment = open_good(&maker);
        check_promises(segment);
        segment_free(segment);
        maker_free(&maker);
    }
}
