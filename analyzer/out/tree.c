/*
 * See tree.h.
 *
 *     4711 server -d: exit 0
 *     ├─ 4712 forked: executed another program
 *     │  └─ 4712 executed sh -c logger: still running
 *     └─ 4713 spawned true: not traced
 */
#include "out/tree.h"

#include "escape.h"
#include "path.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MOST = 64, WORDS_SHOWN = 4, WORD_MOST = 40 };

/* Children are found by a list sorted by predecessor; images are in the order of time already. */
struct tree {
    FILE *out;
    const struct model *model;
    const struct image **children;   /* by (predecessor, id) */
    size_t most, printed;
    bool more[DEPTH_MOST];           /* at each depth: a sibling follows */
};

static uint32_t parent_id(const struct image *image)
{
    return image->predecessor != NULL ? image->predecessor->id : 0;
}

static int by_parent(const void *left, const void *right)
{
    const struct image *a = *(const struct image *const *)left, *b = *(const struct image *const *)right;
    if (parent_id(a) != parent_id(b))
        return parent_id(a) < parent_id(b) ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

static void put_word(FILE *out, const char *word)
{
    char cut[WORD_MOST + 4];
    if (strlen(word) > WORD_MOST) {
        memcpy(cut, word, WORD_MOST);
        strcpy(cut + WORD_MOST, "...");
        word = cut;
    }
    escape_print(out, word);
}

/* What it runs; a fork runs on with what its parent ran. */
static void put_program(FILE *out, const struct image *image)
{
    const char *name = image->program[0] != '\0' ? image->program : image->argc > 0 ? path_last(image->argv[0]) : "?";
    if (image->how == FDT_HOW_FORK && image->predecessor != NULL)
        return;
    put_word(out, name);
    for (size_t i = 1; i < image->argc && i < WORDS_SHOWN; i++) {
        putc(' ', out);
        put_word(out, image->argv[i]);
    }
    fputs(image->argc > WORDS_SHOWN ? " ...: " : ": ", out);
}

static void put_end(FILE *out, const struct image *image)
{
    switch (image->end.how) {
    case END_RUNNING: fputs("still running", out); break;
    case END_EXIT: fprintf(out, "exit %d", image->end.status); break;
    case END_SIGNAL: fprintf(out, "killed by signal %d", image->end.status); break;
    case END_EXEC: fputs("executed another program", out); break;
    case END_KILLED: fputs("killed", out); break;
    case END_UNKNOWN: fputs("not traced", out); break;
    }
    if (image->segment == NULL && image->end.how != END_UNKNOWN)
        fputs(", not traced", out);
}

static void put_image(struct tree *tree, const struct image *image, size_t depth)
{
    static const char *const hows[] = {"", "forked: ", "executed ", "spawned "};
    if (tree->printed++ >= tree->most)
        return;
    fputs("   ", tree->out);
    for (size_t i = 1; i < depth && i < DEPTH_MOST; i++)
        fputs(tree->more[i] ? "│  " : "   ", tree->out);
    if (depth > 0)
        fputs(tree->more[depth < DEPTH_MOST ? depth : DEPTH_MOST - 1] ? "├─ " : "└─ ", tree->out);
    if (image->pid > 0)
        fprintf(tree->out, "%d ", image->pid);
    fputs(image->predecessor != NULL ? hows[image->how] : "", tree->out);
    put_program(tree->out, image);
    put_end(tree->out, image);
    putc('\n', tree->out);
}

static size_t first_child(const struct tree *tree, uint32_t parent)
{
    size_t low = 0, high = tree->model->image_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (parent_id(tree->children[middle]) < parent)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A hostile recording may name predecessors in a circle; no real tree is that deep in what is printed. */
static void put_children(struct tree *tree, uint32_t parent, size_t depth)
{
    for (size_t i = first_child(tree, parent);
         i < tree->model->image_count && parent_id(tree->children[i]) == parent && tree->printed <= tree->most; i++) {
        if (depth < DEPTH_MOST)
            tree->more[depth] = i + 1 < tree->model->image_count && parent_id(tree->children[i + 1]) == parent;
        put_image(tree, tree->children[i], depth);
        if (depth + 1 < 4 * DEPTH_MOST)
            put_children(tree, tree->children[i]->id, depth + 1);
    }
}

void tree_print(FILE *out, const struct model *model, size_t most)
{
    struct tree tree = {.out = out, .model = model, .most = most};
    tree.children = calloc(model->image_count + 1, sizeof(*tree.children));
    if (tree.children == NULL)
        return;
    for (size_t i = 0; i < model->image_count; i++)
        tree.children[i] = &model->images[i];
    qsort(tree.children, model->image_count, sizeof(*tree.children), by_parent);
    put_children(&tree, 0, 0);
    if (model->image_count > most)
        fprintf(out, "   ... and %zu more (--show=images lists all)\n", model->image_count - most);
    free(tree.children);
}
