/*
 * Makes the seeds of the segment target: SEEDS FOLDER. Each is a small session with something of everything: lives, misuse,
 * programs started, what crossed into them, and descriptors in messages.
 */
#include "fuzz.h"
#include "segment_maker.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { PID = 4194400, SLOTS_KEPT = 24 };

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

static void send_descriptor(struct segment_maker *maker, bool sent)
{
    struct fdt_right *right = &maker->rights[maker->header->rights];
    *right = (struct fdt_right){.sequence = ++maker->header->rights, .ns = maker->now, .token = sent ? 8 : 9,
                                .message = maker->header->rights, .fd = 4, .generation = 1, .socket = 7,
                                .socket_generation = 1, .site = maker_site_at(maker, sent ? "sendmsg" : "recvmsg", 0xa00),
                                .tid = PID, .call = maker_call(maker, sent ? "sendmsg" : "recvmsg"),
                                .flags = sent ? FDT_RIGHT_SENT : 0, .total = 1, .state = maker->table[4].state,
                                .life = maker->table[4].life};
}

/* One image with every kind of entry. */
static void tell(struct segment_maker *maker, int pid, uint32_t image, bool sent)
{
    static const uint64_t stack[] = {MAKER_CODE + 0x100, MAKER_CODE + 0x200, MAKER_CODE + 0x300, 0};
    maker_begin(maker, pid, image);
    for (int fd = 0; fd < 3; fd++)
        maker_birth(maker, fd, 0, FDT_TTY, "/dev/pts/0", FDT_INHERITED);
    uint32_t site = maker_site(maker, "open", stack);
    maker_birth(maker, 3, site, FDT_FILE, "data", 0);
    maker_birth(maker, 4, site, FDT_SOCKET_UNIX, "/run/app.sock", FDT_CLOEXEC);
    maker_birth(maker, 5, maker_site_at(maker, "pipe", 0x400), FDT_PIPE, "", 0);
    maker_birth(maker, 6, maker_site_at(maker, "fopen", 0x500), FDT_UNASKED, "/etc/passwd", 0)->life.owner = 1;
    maker_birth(maker, 7, maker_site_at(maker, "socketpair", 0x500), FDT_SOCKET_UNIX, "", 0)->life.token = sent ? 8 : 9;
    maker_birth(maker, 9, maker_site_at(maker, "recvmsg", 0x600), FDT_FILE, "got", FDT_UNTOUCHED);
    maker_birth(maker, 10, maker_site_at(maker, "dup", 0x600), FDT_FILE, "data", FDT_CONTESTED)->life.from = 3;
    maker_death(maker, 3, maker_site_at(maker, "close", 0x700));
    for (int type = 0; type < FDT_INCIDENT_COUNT; type++)
        maker_incident(maker, (enum fdt_incident_type)type, 3 + type, maker_site_at(maker, "close", 0x800), EBADF);
    maker_thread(maker, pid, "app");
    maker_thread(maker, pid + 1, "worker \033[31m");
    maker_module(maker, "/none/libc.so.6", 0x7f0000000000, 0x200000);
    start_program(maker, pid + 1);
    start_program(maker, 0);
    send_descriptor(maker, sent);
}

static uint32_t count_kept(const struct fdt_part *part, int id)
{
    return id == FDT_PART_TABLE ? SLOTS_KEPT : part->count < 64 ? part->count : 64;
}

/* As the maker made it, but for entries that nobody uses: a mutation should hit something. */
static void append(FILE *out, const struct segment_maker *maker)
{
    struct fdt_header header = *maker->header;
    uint64_t offset = FDT_HEADER_SIZE;
    for (int id = 0; id < FDT_PART_COUNT; id++) {
        uint32_t kept = count_kept(&header.parts[id], id);
        header.parts[id] = (struct fdt_part){offset, kept, header.parts[id].entry_size};
        header.secured[id] = kept;
        offset += (uint64_t)kept * header.parts[id].entry_size;
    }
    header.file_size = offset;
    fwrite(&header, sizeof(header), 1, out);
    for (size_t i = sizeof(header); i < FDT_HEADER_SIZE; i++)
        putc(0, out);
    for (int id = 0; id < FDT_PART_COUNT; id++)
        fwrite(maker->memory + maker->header->parts[id].offset, header.parts[id].entry_size, header.parts[id].count, out);
}

static FILE *begin_seed(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *out = fopen(path, "we");
    FUZZ_MUST(out != NULL);
    return out;
}

static void add_image(FILE *out, int pid, uint32_t image, bool sent, int exit_status)
{
    struct segment_maker maker;
    tell(&maker, pid, image, sent);
    if (image > 1) {
        maker.header->how = FDT_HOW_EXEC;
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
    if (exit_status >= 0)
        maker_exit(&maker, exit_status);
    append(out, &maker);
    maker_free(&maker);
}

int main(int argc, char **argv)
{
    FUZZ_MUST(argc == 2);
    FILE *one = begin_seed(argv[1], "one");
    add_image(one, PID, 1, true, 0);
    fclose(one);
    FILE *killed = begin_seed(argv[1], "killed");
    add_image(killed, PID, 1, true, -1);
    fclose(killed);
    FILE *tree = begin_seed(argv[1], "tree");
    add_image(tree, PID, 1, true, -1);
    add_image(tree, PID, 2, true, 0);
    add_image(tree, PID + 1, 1, false, 1);
    fwrite("COMMAND\n./app\0arg", sizeof("COMMAND\n./app\0arg"), 1, tree);
    fclose(tree);
    return 0;
}
