/*
 * Makes the seeds of the segment and report targets: SEEDS FOLDER. Small sessions about one thing each, and some with
 * everything, in FOLDER/segment and FOLDER/report.
 */
#include "fuzz.h"
#include "segment_maker.h"
#include "session.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { PID = 4194400 };
typedef void tell_story(struct segment_maker *maker);

/* --- stories --- */

static void tell_leaks(struct segment_maker *maker)
{
    static const uint64_t stack[] = {MAKER_CODE + 0x100, MAKER_CODE + 0x200, MAKER_CODE + 0x300, 0};
    uint32_t site = maker_site(maker, "open", stack);
    for (int fd = 0; fd < 3; fd++)
        maker_birth(maker, fd, 0, FDT_TTY, "/dev/pts/0", FDT_INHERITED);
    maker_birth(maker, 3, site, FDT_FILE, "data", 0);
    maker_birth(maker, 4, maker_site_at(maker, "socket", 0x300), FDT_SOCKET_UNIX, "/run/app.sock", FDT_CLOEXEC);
    maker_birth(maker, 5, maker_site_at(maker, "pipe", 0x400), FDT_PIPE, "", 0);
    maker_birth(maker, 6, maker_site_at(maker, "fopen", 0x500), FDT_UNASKED, "/etc/passwd", 0)->life.owner = 1;
    maker_birth(maker, 10, maker_site_at(maker, "dup", 0x600), FDT_FILE, "data", FDT_CONTESTED)->life.from = 3;
}

static void tell_misuse(struct segment_maker *maker, int first_type, int last_type)
{
    uint32_t born = maker_site_at(maker, "open", 0x100), site = maker_site_at(maker, "close", 0x800);
    maker_birth(maker, 3, born, FDT_FILE, "data", 0);
    maker_birth(maker, 4, born, FDT_EPOLL, "", 0);
    maker_death(maker, 3, maker_site_at(maker, "close", 0x700));
    for (int type = first_type; type < last_type; type++) {
        struct fdt_incident *incident =
            maker_incident(maker, (enum fdt_incident_type)type, 3 + type % 2, site, type % 3 != 0 ? EBADF : 0);
        incident->before = (struct fdt_past){.birth_ns = maker->now - 1, .death_ns = maker->now, .birth_site = born,
                                             .death_site = site, .birth_tid = PID, .death_tid = PID + 1,
                                             .generation = 1};
    }
    maker_thread(maker, PID, "app");
    maker_thread(maker, PID + 1, "worker \033[31m");
}

static void tell_closes(struct segment_maker *maker)
{
    tell_misuse(maker, 0, FDT_INCIDENT_OVERWRITE);
}

static void tell_others(struct segment_maker *maker)
{
    tell_misuse(maker, FDT_INCIDENT_OVERWRITE, FDT_INCIDENT_COUNT);
}

static void start_program(struct segment_maker *maker, int child)
{
    struct fdt_exec *exec = &maker->execs[maker->header->execs];
    *exec = (struct fdt_exec){.commit = 1, .call = maker_call(maker, "posix_spawn"), .how = FDT_EXEC_SPAWN,
                              .ns = maker->now, .site = maker_site_at(maker, "posix_spawn", 0x900), .tid = PID,
                              .child = child, .group = maker->header->execs, .argc = 2};
    memcpy(exec->text, "/bin/sh\0sh\0-c", sizeof("/bin/sh\0sh\0-c"));
    struct fdt_crossing *crossing = &maker->crossings[maker->header->crossings++];
    *crossing = (struct fdt_crossing){.commit = 1, .group = maker->header->execs++, .fd = 5, .from = 5, .crossings = 3,
                                      .lifetimes = 2, .generation = 1, .state = FDT_LIVE | UINT64_C(1) << 32,
                                      .life = maker->table[5].life};
}

static void tell_programs(struct segment_maker *maker)
{
    maker_birth(maker, 5, maker_site_at(maker, "pipe", 0x400), FDT_PIPE, "", 0);
    start_program(maker, PID + 1);
    start_program(maker, 0);
}

static void pass_descriptor(struct segment_maker *maker, bool sent)
{
    const char *call = sent ? "sendmsg" : "recvmsg";
    maker_birth(maker, 4, maker_site_at(maker, "open", 0x100), FDT_FILE, "data", FDT_CLOEXEC);
    maker_birth(maker, 7, maker_site_at(maker, "socketpair", 0x500), FDT_SOCKET_UNIX, "", 0)->life.token = sent ? 8 : 9;
    maker_birth(maker, 9, maker_site_at(maker, "recvmsg", 0x600), FDT_FILE, "got", FDT_UNTOUCHED);
    struct fdt_right *right = &maker->rights[maker->header->rights];
    *right = (struct fdt_right){.sequence = ++maker->header->rights, .ns = maker->now, .token = sent ? 8 : 9,
                                .message = maker->header->rights, .fd = 4, .generation = 1, .socket = 7,
                                .socket_generation = 1, .site = maker_site_at(maker, call, 0xa00), .tid = PID,
                                .call = maker_call(maker, call), .flags = sent ? FDT_RIGHT_SENT : 0, .total = 1,
                                .state = maker->table[4].state, .life = maker->table[4].life};
}

static void tell_sender(struct segment_maker *maker)
{
    pass_descriptor(maker, true);
}

static void tell_receiver(struct segment_maker *maker)
{
    pass_descriptor(maker, false);
}

/* Growth is judged while a program runs, a limit by what was open at the most. */
static void tell_growth(struct segment_maker *maker)
{
    uint32_t site = maker_site_at(maker, "open", 0x100);
    for (int fd = 3; fd < 12; fd++)
        maker_birth(maker, fd, site, FDT_FILE, "data", FDT_CLOEXEC);
    for (unsigned i = 0; i < FDT_SAMPLES; i++)
        maker->sites[site].samples[i] = (struct fdt_sample){maker->now - 1000 + i, 1u << i, 1u << i};
    maker->header->nofile_soft = 12;
    maker_incident(maker, FDT_INCIDENT_LIMIT, -1, site, EMFILE);
    maker_incident(maker, FDT_INCIDENT_HOLDER, 3, site, EMFILE)->count = 9;
}

/* The second module, so its build id is made of twos. */
static void tell_symbols(struct segment_maker *maker)
{
    maker_module(maker, SESSION_LIBRARY, 0x7f0000000000, 0x10000);
    static const uint64_t stack[] = {0x7f0000001005, 0x7f0000001001, MAKER_CODE + 0x300, 0};
    maker_birth(maker, 3, maker_site(maker, "open", stack), FDT_FILE, "data", 0);
}

/* Its suppressions cannot be read, which is an error with a name in it. */
static void tell_nonsense(struct segment_maker *maker)
{
    strcpy(maker->header->exe, "\r\n\033[31m");
    maker->header->suppressions = 0x7f0000000100;
    tell_leaks(maker);
}

static void tell_everything(struct segment_maker *maker)
{
    tell_leaks(maker);
    maker_death(maker, 3, maker_site_at(maker, "close", 0x700));
    for (int type = 0; type < FDT_INCIDENT_COUNT; type++)
        maker_incident(maker, (enum fdt_incident_type)type, 3 + type, maker_site_at(maker, "close", 0x800), EBADF);
    maker_thread(maker, PID, "app");
    maker_thread(maker, PID + 1, "worker \033[31m");
    tell_symbols(maker);
    start_program(maker, PID + 1);
    pass_descriptor(maker, maker->header->pid == PID);
}

/* --- files --- */

/* Entries in use, and a free one that a change may fill. */
static uint32_t count_kept(const struct fdt_header *header, int id)
{
    switch (id) {
    case FDT_PART_TABLE: return header->high_water + 1;
    case FDT_PART_SITES: return header->sites + 1;
    case FDT_PART_FRAMES: return header->frames + 1;
    case FDT_PART_INCIDENTS: return header->incidents + 1;
    case FDT_PART_MODULES: return header->modules + 1;
    case FDT_PART_CALLS: return header->calls + 1;
    case FDT_PART_EXECS: return header->execs + 1;
    case FDT_PART_CROSSINGS: return header->crossings + 1;
    case FDT_PART_RIGHTS: return (uint32_t)header->rights + 1;
    case FDT_PART_THREADS: return header->threads + 1;
    default: return FDT_SHARDS; /* nobody reads the ring's entries */
    }
}

/* As the maker made it, but for entries that nobody uses: a mutation should hit something. */
static void append(FILE *out, const struct segment_maker *maker)
{
    struct fdt_header header = *maker->header;
    uint64_t offset = FDT_HEADER_SIZE;
    for (int id = 0; id < FDT_PART_COUNT; id++) {
        uint32_t most = maker->header->parts[id].count, wanted = count_kept(maker->header, id);
        uint32_t kept = wanted < most ? wanted : most;
        header.parts[id] = (struct fdt_part){offset, kept, header.parts[id].entry_size};
        header.secured[id] = kept;
        offset += (uint64_t)kept * header.parts[id].entry_size;
    }
    header.file_size = offset;
    fwrite(&header, sizeof(header), 1, out);
    for (size_t i = sizeof(header); i < FDT_HEADER_SIZE; i++)
        putc(0, out);
    for (int id = 0; id < FDT_PART_COUNT; id++)
        fwrite(maker->memory + maker->header->parts[id].offset, header.parts[id].entry_size, header.parts[id].count,
               out);
}

enum { KILLED = -1, RUNNING_ON = -2 };

/* An image; ended: its exit status, KILLED, or RUNNING_ON by exec. */
static void add_image(FILE *out, int pid, uint32_t image, tell_story *tell, int ended)
{
    struct segment_maker maker;
    maker_begin(&maker, pid, image);
    tell(&maker);
    if (image > 1) {
        maker.header->predecessor_pid = pid;
        maker.header->predecessor_image = image - 1;
    }
    if (pid > PID) {
        maker.header->how = FDT_HOW_FORK;
        maker.header->ppid = maker.header->predecessor_pid = PID;
        maker.header->predecessor_image = 1;
        maker.table[4].life.root_pid = PID;
        maker.table[4].life.root_image = 1;
        maker.table[4].state |= FDT_INHERITED;
    }
    if (ended >= 0)
        maker_exit(&maker, ended);
    else if (ended == RUNNING_ON)
        maker.header->state = FDT_STATE_EXECING;
    append(out, &maker);
    maker_free(&maker);
}

static FILE *begin_seed(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *out = fopen(path, "we");
    FUZZ_MUST(out != NULL);
    return out;
}

static void end_seed(FILE *out)
{
    FUZZ_MUST(fclose(out) == 0);
}

static void make_single(const char *folder, const char *name, tell_story *tell, int ended)
{
    FILE *out = begin_seed(folder, name);
    add_image(out, PID, 1, tell, ended);
    end_seed(out);
}

static void make_tree(const char *folder, tell_story *first, tell_story *second, tell_story *child)
{
    FILE *out = begin_seed(folder, "tree");
    add_image(out, PID, 1, first, RUNNING_ON);
    add_image(out, PID, 2, second, 0);
    add_image(out, PID + 1, 1, child, 1);
    fwrite(SESSION_COMMAND "./app\0arg", sizeof(SESSION_COMMAND "./app\0arg"), 1, out);
    end_seed(out);
}

static void make_messages(const char *folder)
{
    FILE *out = begin_seed(folder, "messages");
    add_image(out, PID, 1, tell_sender, 0);
    add_image(out, PID + 1, 1, tell_receiver, 0);
    end_seed(out);
}

int main(int argc, char **argv)
{
    char segment[4096], report[4096];
    FUZZ_MUST(argc == 2);
    snprintf(segment, sizeof(segment), "%s/segment", argv[1]);
    snprintf(report, sizeof(report), "%s/report", argv[1]);
    make_single(segment, "leaks", tell_leaks, 0);
    make_single(segment, "closes", tell_closes, 0);
    make_single(segment, "others", tell_others, KILLED);
    make_single(segment, "programs", tell_programs, 0);
    make_single(segment, "growth", tell_growth, KILLED);
    make_single(segment, "symbols", tell_symbols, 0);
    make_single(segment, "nonsense", tell_nonsense, 0);
    make_messages(segment);
    make_tree(segment, tell_programs, tell_leaks, tell_receiver);
    make_single(report, "killed", tell_everything, KILLED);
    make_tree(report, tell_everything, tell_programs, tell_receiver);
    return 0;
}
