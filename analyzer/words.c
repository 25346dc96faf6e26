/* See words.h. */
#include "words.h"

#include <string.h>

enum { RANGES_SHOWN = 6 };

/* As people say it: one, many. Kinds that need no better word are called by their own name. */
static const struct noun { const char *one, *many; } nouns[FDT_KIND_COUNT] = {
    [FDT_FILE] = {"file", "files"},
    [FDT_DIR] = {"directory", "directories"},
    [FDT_CHARDEV] = {"device", "devices"},
    [FDT_BLOCKDEV] = {"block device", "block devices"},
    [FDT_FIFO] = {"named pipe", "named pipes"},
    [FDT_PIPE] = {"pipe end", "pipe ends"},
    [FDT_SOCKET_INET] = {"IPv4 socket", "IPv4 sockets"},
    [FDT_SOCKET_INET6] = {"IPv6 socket", "IPv6 sockets"},
    [FDT_SOCKET_UNIX] = {"UNIX socket", "UNIX sockets"},
    [FDT_SOCKET_NETLINK] = {"netlink socket", "netlink sockets"},
    [FDT_SOCKET_PACKET] = {"packet socket", "packet sockets"},
    [FDT_SOCKET_OTHER] = {"socket", "sockets"},
    [FDT_EPOLL] = {"epoll instance", "epoll instances"},
    [FDT_INOTIFY] = {"inotify instance", "inotify instances"},
    [FDT_FANOTIFY] = {"fanotify group", "fanotify groups"},
    [FDT_SHM] = {"shared memory object", "shared memory objects"},
    [FDT_MQUEUE] = {"message queue", "message queues"},
    [FDT_PTY_MASTER] = {"pseudoterminal master", "pseudoterminal masters"},
    [FDT_TTY] = {"terminal", "terminals"},
    [FDT_PERF] = {"perf event", "perf events"},
    [FDT_BPF] = {"bpf object", "bpf objects"},
    [FDT_IO_URING] = {"io_uring instance", "io_uring instances"},
    [FDT_MOUNT] = {"mount object", "mount objects"},
    [FDT_LANDLOCK] = {"landlock ruleset", "landlock rulesets"},
    [FDT_OTHER] = {"descriptor", "descriptors"},
};

static const char *noun_one(enum fdt_kind kind)
{
    return kind < FDT_KIND_COUNT && nouns[kind].one != NULL ? nouns[kind].one : kind_name(kind);
}

void words_thing(FILE *out, const struct descriptor *descriptor)
{
    fputs(noun_one(descriptor->kind), out);
    const char *name = descriptor_name(descriptor);
    if (name[0] != '\0')
        fprintf(out, " \"%s%s\"", descriptor->state & FDT_NAME_CUT ? "..." : "", name);
}

void words_things(FILE *out, const struct finding *finding)
{
    if (finding->descriptor_count == 0) {
        fprintf(out, finding->count == 1 ? "a descriptor" : "%llu descriptors", (unsigned long long)finding->count);
        return;
    }
    const struct descriptor *first = &finding->descriptors[0];
    if (finding->count == 1) {
        words_thing(out, first);
        return;
    }
    bool same = true;
    for (size_t i = 1; i < finding->descriptor_count && same; i++)
        same = finding->descriptors[i].kind == first->kind;
    fprintf(out, "%llu ", (unsigned long long)finding->count);
    if (!same)
        fputs("descriptors", out);
    else if (nouns[first->kind].many != NULL)
        fputs(nouns[first->kind].many, out);
    else
        fprintf(out, "%ss", kind_name(first->kind));
}

const char *words_birth(const char *call)
{
    static const struct { const char *prefix, *verb; } verbs[] = {
        {"accept", "accepted"}, {"dup", "duplicated"}, {"fcntl", "duplicated"}, {"recvm", "received"},
        {"open", "opened"}, {"fopen", "opened"}, {"freopen", "opened"}, {"creat", "opened"}, {"popen", "opened"},
        {"shm_open", "opened"}, {"mq_open", "opened"}, {"posix_openpt", "opened"}, {"getpt", "opened"},
    };
    for (size_t i = 0; call != NULL && i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strncmp(call, verbs[i].prefix, strlen(verbs[i].prefix)) == 0)
            return verbs[i].verb;
    return "created";
}

void words_function(FILE *out, const char *function)
{
    fprintf(out, strchr(function, '(') != NULL ? "%s" : "%s()", function);
}

void words_place(FILE *out, const struct finding *finding, const struct finding_stack *stack)
{
    const struct model_frame *frame = stack != NULL ? finding_own_frame(finding, &stack->stack) : NULL;
    if (frame == NULL || frame->function == NULL)
        return;
    fputs(" in ", out);
    words_function(out, frame->function);
}

static bool is_main(const struct finding_stack *stack)
{
    return stack->thread == 0 || stack->thread == stack->image->pid;
}

void words_thread(FILE *out, const struct finding *finding, const struct finding_stack *stack)
{
    bool several = false;
    for (size_t i = 0; i < finding->stack_count; i++)
        several = several || !is_main(&finding->stacks[i]);
    if (!several || stack->thread == 0)
        return;
    fprintf(out, ", by thread %d", stack->thread);
    if (stack->thread_name != NULL)
        fprintf(out, " \"%s\"", stack->thread_name);
}

void words_numbers(FILE *out, const struct descriptor *descriptors, size_t count)
{
    size_t i = 0;
    for (int shown = 0; i < count && shown < RANGES_SHOWN; shown++) {
        size_t last = i;
        while (last + 1 < count && descriptors[last + 1].fd == descriptors[last].fd + 1)
            last++;
        fprintf(out, "%s%d", shown > 0 ? ", " : "", descriptors[i].fd);
        if (last > i)
            fprintf(out, last == i + 1 ? ", %d" : "-%d", descriptors[last].fd);
        i = last + 1;
    }
    if (i < count)
        fprintf(out, " and %zu more", count - i);
}
