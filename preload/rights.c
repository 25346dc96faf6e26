/* See rights.h. The log is a ring like the events', with room for what a message needs. */
#include "rights.h"

#include "address.h"
#include "gate.h"
#include "misuse.h"
#include "raw.h"
#include "sites.h"
#include "table.h"
#include "watch.h"

#include <string.h>

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76 /* Linux 6.5 */
#endif

/* --- tokens --- */

/* Unique in a session: no two images of one process number and image number live in it. */
uint64_t rights_pair(void)
{
    static uint32_t serial;
    if (store.header == NULL)
        return 0;
    uint32_t pair = __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED) & 0x3fffff;
    return (uint64_t)(uint32_t)store.header->pid << 32 | (uint64_t)(store.header->image & 0x1ff) << 23 | pair << 1;
}

static uint64_t token_of_name(const char *name, bool binds)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *name != '\0'; name++)
        hash = (hash ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
    return FDT_TOKEN_NAMED | (hash & ~(FDT_TOKEN_NAMED | FDT_TOKEN_OTHER_END)) | binds;
}

static struct fdt_slot *live_slot(int fd)
{
    struct fdt_slot *slot = table_peek(fd);
    return slot != NULL && (table_word(slot) & FDT_LIVE) ? slot : NULL;
}

void rights_named(int fd, const char *name, bool binds)
{
    int saved = errno;
    struct fdt_slot *slot = gate_enter() ? live_slot(fd) : NULL;
    if (slot != NULL && slot->life.kind == FDT_SOCKET_UNIX)
        slot->life.token = token_of_name(name, binds);
    errno = saved;
}

uint64_t rights_token(int fd)
{
    const struct fdt_slot *slot = live_slot(fd);
    return slot != NULL ? slot->life.token : 0;
}

bool rights_possible(int fd)
{
    const struct fdt_slot *slot = live_slot(fd);
    return slot != NULL && (slot->life.kind == FDT_SOCKET_UNIX || slot->life.kind == FDT_OTHER);
}

/* --- messages --- */

/* What the kernel refused it need not have looked at: the length may be anything then. */
size_t rights_count(const struct msghdr *message, const struct cmsghdr *part)
{
    size_t room = (size_t)((const char *)message->msg_control + message->msg_controllen - (const char *)part);
    size_t length = part->cmsg_len < room ? part->cmsg_len : room;
    return length > CMSG_LEN(0) ? (length - CMSG_LEN(0)) / sizeof(int) : 0;
}

int rights_at(const struct cmsghdr *part, size_t i)
{
    int fd;
    memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
    return fd;
}

static bool carries_rights(const struct cmsghdr *part)
{
    return part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS;
}

static size_t count_all(const struct msghdr *message)
{
    size_t total = 0;
    if (message->msg_control == NULL)
        return 0;
    EACH_PART(part, message)
        total += carries_rights(part) ? rights_count(message, part) : 0;
    return total;
}

/* What all descriptors of one message share. */
struct message_log {
    const struct call *call;
    uint64_t ns, token, first;
    uint32_t site, socket_generation;
    int      socket;
    uint16_t flags, total, logged;
};

static void begin_log(struct message_log *log, int fd)
{
    const struct fdt_slot *slot = table_peek(fd);
    log->site = stack_site(log->call);
    log->socket = fd;
    log->socket_generation = slot != NULL ? FDT_GENERATION(table_word(slot)) : 0;
    if (log->token == 0)
        log->token = rights_token(fd);
}

static void log_one(struct message_log *log, int fd)
{
    uint64_t position = __atomic_fetch_add(&store.header->rights, 1, __ATOMIC_RELAXED);
    uint32_t index = (uint32_t)(position % store.count[FDT_PART_RIGHTS]);
    if (!store_secure(FDT_PART_RIGHTS, index))
        return;
    struct fdt_right *right = &store.rights[index];
    const struct fdt_slot *slot = table_peek(fd);
    __atomic_store_n(&right->sequence, 0, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    if (log->logged == 0)
        log->first = position;
    right->ns = log->ns;
    right->token = log->token;
    right->message = log->first;
    right->fd = fd;
    right->state = slot != NULL ? table_word(slot) : 0;
    right->generation = FDT_GENERATION(right->state);
    watch_shared(fd, right->generation);
    right->socket = log->socket;
    right->socket_generation = log->socket_generation;
    right->site = log->site;
    right->tid = thread_self.tid;
    right->call = log->call->id;
    right->flags = log->flags;
    right->index = log->logged++;
    right->total = log->total;
    if ((log->flags & FDT_RIGHT_SENT) && slot != NULL)
        right->life = slot->life;
    else
        memset(&right->life, 0, sizeof(right->life));
    __atomic_store_n(&right->sequence, position + 1, __ATOMIC_RELEASE);
}

static void log_message(struct message_log *log, const struct msghdr *message)
{
    if (message->msg_control == NULL)
        return;
    EACH_PART(part, message)
        for (size_t i = 0; carries_rights(part) && i < rights_count(message, part); i++)
            log_one(log, rights_at(part, i));
}

/* A datagram says itself where it goes. */
static uint64_t token_of_target(const struct msghdr *message)
{
    char text[ADDRESS_SIZE];
    const char *name = message->msg_name != NULL && message->msg_namelen > 0
                           ? address_text(text, message->msg_name, message->msg_namelen)
                           : NULL;
    return name != NULL ? token_of_name(name, false) : 0;
}

void rights_sent(const struct call *call, uint64_t ns, int fd, const struct msghdr *message)
{
    size_t total = count_all(message);
    int saved = errno;
    if (total > 0 && gate_enter()) {
        struct message_log log = {.call = call, .ns = ns, .flags = FDT_RIGHT_SENT, .total = (uint16_t)total,
                                  .token = token_of_target(message)};
        begin_log(&log, fd);
        log_message(&log, message);
    }
    errno = saved;
}

/*
 * Credentials, security labels, pidfds, time stamps and counts of lost messages are truncated as well; where none of them
 * is asked for, it was descriptors.
 */
static bool lost_descriptors(int fd)
{
    static const int others[] = {SO_PASSCRED,      SO_PASSSEC,         SO_PASSPIDFD,     SO_TIMESTAMP_OLD,
                                 SO_TIMESTAMP_NEW, SO_TIMESTAMPNS_OLD, SO_TIMESTAMPNS_NEW, SO_TIMESTAMPING_OLD,
                                 SO_TIMESTAMPING_NEW, SO_RXQ_OVFL};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        int value = 0;
        socklen_t length = sizeof(value);
        if (raw(getsockopt, fd, SOL_SOCKET, others[i], &value, &length) == 0 && value != 0)
            return false;
    }
    return true;
}

void rights_received(const struct call *call, int fd, const struct msghdr *message, int flags)
{
    size_t total = count_all(message);
    bool truncated = (message->msg_flags & MSG_CTRUNC) != 0 && rights_possible(fd);
    int saved = errno;
    if ((total > 0 || truncated) && gate_enter()) {
        struct message_log log = {.call = call, .ns = store_now(), .total = (uint16_t)total};
        log.flags = (flags & MSG_PEEK ? FDT_RIGHT_PEEKED : 0) | (truncated ? FDT_RIGHT_TRUNCATED : 0);
        begin_log(&log, fd);
        log_message(&log, message);
        if (total == 0)
            log_one(&log, -1);
        if (truncated && lost_descriptors(fd))
            misuse_record(FDT_INCIDENT_RIGHTS, call, fd, 0);
    }
    errno = saved;
}
