/* See rights.h. */
#include "rights.h"

#include "lineage.h"

#include <stdlib.h>
#include <string.h>

/* One log entry of the session, with what decides its place in a queue. */
struct item {
    struct image *image;
    const struct fdt_right *right;
    uint64_t queue;                /* token of the receiving end */
};

/* Sockets that crossed an exec have left their token behind, in the image before. */
static uint64_t token_of(const struct image *image, const struct fdt_right *right)
{
    const struct segment *segment = image->segment;
    if (right->token != 0 || right->socket < 0 || (uint32_t)right->socket >= segment->slot_count)
        return right->token;
    const struct fdt_slot *slot = &segment->slots[right->socket];
    if (FDT_GENERATION(slot->state) != right->socket_generation)
        return 0;
    struct descriptor socket = {.image = image, .fd = right->socket, .generation = right->socket_generation,
                                .state = slot->state, .life = &slot->life};
    struct root root = lineage_root(&socket, NULL, 0, NULL);
    const struct segment *origin = root.image->segment;
    if (!root.known || (uint32_t)root.fd >= origin->slot_count ||
        FDT_GENERATION(origin->slots[root.fd].state) != root.generation)
        return 0;
    return origin->slots[root.fd].life.token;
}

static int by_queue(const void *left, const void *right)
{
    const struct item *a = left, *b = right;
    if (a->queue != b->queue)
        return a->queue < b->queue ? -1 : 1;
    if (a->right->ns != b->right->ns)
        return a->right->ns < b->right->ns ? -1 : 1;
    if (a->image->id != b->image->id)
        return a->image->id < b->image->id ? -1 : 1;
    return a->right->sequence < b->right->sequence ? -1 : a->right->sequence > b->right->sequence;
}

static bool is_sent(const struct item *item)
{
    return (item->right->flags & FDT_RIGHT_SENT) != 0;
}

/* The items from `from` on that belong to its message. */
static size_t message_length(const struct item *items, size_t from, size_t end)
{
    size_t to = from + 1;
    while (to < end && items[to].image == items[from].image && items[to].right->message == items[from].right->message &&
           is_sent(&items[to]) == is_sent(&items[from]))
        to++;
    return to - from;
}

static bool same_sender(const struct item *a, const struct item *b)
{
    return a->image == b->image && a->right->socket == b->right->socket &&
           a->right->socket_generation == b->right->socket_generation;
}

/* Sent messages that have not come out yet; one queue at a time. */
struct pending {
    size_t *messages;              /* first items of them */
    size_t first, count;
    bool lost;                     /* the order is no longer known */
};

static bool is_ambiguous(const struct item *items, const struct pending *pending, uint64_t queue)
{
    if ((queue & FDT_TOKEN_NAMED) == 0)
        return false;
    for (size_t i = pending->first + 1; i < pending->count; i++)
        if (!same_sender(&items[pending->messages[i]], &items[pending->messages[pending->first]]))
            return true;
    return false;
}

static void pair_message(const struct item *received, size_t count, const struct item *sent)
{
    for (size_t i = 0; i < count; i++) {
        const struct fdt_right *right = received[i].right;
        if (right->fd < 0 || right->index >= sent->right->total)
            continue;
        struct sent_right *source =
            (struct sent_right *)&received[i].image->sources[right - received[i].image->segment->rights];
        *source = (struct sent_right){sent[right->index].image, sent[right->index].right};
    }
}

/* A message came out: it is the oldest one that went in, unless something speaks against it. */
static void receive(const struct item *items, size_t at, size_t count, struct pending *pending)
{
    const struct fdt_right *received = items[at].right;
    if (pending->first == pending->count) {
        pending->lost = true; /* its sender was not traced, or its log has been written over */
        return;
    }
    size_t sent = pending->messages[pending->first];
    bool fits = received->total == items[sent].right->total || (received->flags & FDT_RIGHT_TRUNCATED) != 0;
    if (!fits || is_ambiguous(items, pending, items[at].queue))
        pending->lost = true;
    if (!pending->lost)
        pair_message(items + at, count, items + sent);
    if ((received->flags & FDT_RIGHT_PEEKED) == 0)
        pending->first++;
    if (pending->first == pending->count && (items[at].queue & FDT_TOKEN_NAMED) != 0)
        pending->lost = false; /* nothing is under way: the next message is a new beginning */
}

static void pair_queue(const struct item *items, size_t from, size_t end, size_t *room)
{
    struct pending pending = {.messages = room};
    for (size_t at = from, count; at < end; at += count) {
        count = message_length(items, at, end);
        if (!is_sent(&items[at]))
            receive(items, at, count, &pending);
        else if (items[at].right->total == count) /* a message half of which was written over tells nothing */
            pending.messages[pending.count++] = at;
        else
            pending.lost = true;
    }
}

static bool prepare(struct image *image, size_t *total)
{
    if (image->segment == NULL || image->segment->right_count == 0)
        return true;
    image->sources = calloc(image->segment->right_count, sizeof(*image->sources));
    *total += image->segment->right_count;
    return image->sources != NULL;
}

static size_t gather(struct model *model, struct item *items)
{
    size_t count = 0;
    for (size_t i = 0; i < model->image_count; i++) {
        struct image *image = &model->images[i];
        for (uint32_t j = 0; image->sources != NULL && j < image->segment->right_count; j++) {
            const struct fdt_right *right = &image->segment->rights[j];
            uint64_t token = token_of(image, right);
            if (token != 0)
                items[count++] = (struct item){
                    image, right, (right->flags & FDT_RIGHT_SENT) != 0 ? token ^ FDT_TOKEN_OTHER_END : token};
        }
    }
    return count;
}

bool rights_pair(struct model *model)
{
    size_t total = 0;
    for (size_t i = 0; i < model->image_count; i++)
        if (!prepare(&model->images[i], &total))
            return false;
    if (total == 0)
        return true;
    struct item *items = calloc(total, sizeof(*items));
    size_t *room = calloc(total, sizeof(*room));
    size_t count = items != NULL && room != NULL ? gather(model, items) : 0;
    qsort(items, count, sizeof(*items), by_queue);
    for (size_t from = 0, end; from < count; from = end) {
        for (end = from; end < count && items[end].queue == items[from].queue; end++)
            ;
        pair_queue(items, from, end, room);
    }
    bool good = items != NULL && room != NULL;
    free(items);
    free(room);
    return good;
}

const struct sent_right *rights_source(const struct descriptor *descriptor)
{
    const struct image *image = descriptor->image;
    if (image->sources == NULL || (descriptor->state & FDT_INHERITED) != 0)
        return NULL;
    for (uint32_t i = 0; i < image->segment->right_count; i++) {
        const struct fdt_right *right = &image->segment->rights[i];
        if ((right->flags & FDT_RIGHT_SENT) == 0 && right->fd == descriptor->fd &&
            right->generation == descriptor->generation)
            return image->sources[i].image != NULL ? &image->sources[i] : NULL;
    }
    return NULL;
}

struct descriptor rights_original(const struct sent_right *sent)
{
    const struct fdt_right *right = sent->right;
    return model_descriptor(sent->image, right->fd, right->generation, right->state, &right->life);
}

/* Who passed it on may have received it, too. A forged recording can go round in circles: hence the bound. */
enum { HOPS_MOST = 8 };

static bool step_back(struct descriptor *one)
{
    const struct sent_right *sent = rights_source(one);
    if (sent == NULL)
        return false;
    *one = (struct descriptor){.image = sent->image, .fd = sent->right->fd, .generation = sent->right->generation,
                               .state = sent->right->state, .life = &sent->right->life};
    return true;
}

enum fdt_kind rights_kind(const struct descriptor *descriptor)
{
    struct descriptor one = *descriptor;
    for (int hop = 0; hop < HOPS_MOST && one.life->kind == FDT_OTHER; hop++)
        if (!step_back(&one))
            return FDT_OTHER;
    return one.life->kind == FDT_OTHER ? FDT_OTHER : model_kind(&one);
}

struct descriptor rights_named(const struct descriptor *descriptor)
{
    struct descriptor one = *descriptor;
    for (int hop = 0; hop < HOPS_MOST && one.life->name[0] == '\0' && step_back(&one); hop++)
        ;
    return one;
}
