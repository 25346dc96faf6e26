/*
 * The driver that needs no clang: REPLAY [-runs=N] [-seed=N] PATH...
 *
 * Runs every file named, or in the folders named, once; then N inputs that were mutated from them, the same ones for the
 * same seed. Ends with one line that says how many; a crash ends it earlier, and the input stands in crash-input of the
 * current folder.
 */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INPUT_MOST = 1 << 20, GROWTH = 1 << 14 };

struct input {
    uint8_t *data;
    size_t size;
};

static struct input *inputs;
static size_t input_count;
static uint64_t state = 1;
static struct input current;

__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    (void)seed;
    return LLVMFuzzerMutate(data, size, most);
}

/* xorshift64 */
static uint64_t next_random(void)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}

static size_t below(size_t limit)
{
    return limit > 0 ? (size_t)(next_random() % limit) : 0;
}

/* Inserts, removes, copies or changes a few bytes, in place. */
static size_t mutate_once(uint8_t *data, size_t size, size_t most)
{
    static const char words[] = "\0\xff\n:='\"*,;.->/[]#%0129";
    size_t at = below(size), length = 1 + below(8);
    switch (below(6)) {
    case 0:
        if (size > 0)
            data[at] ^= (uint8_t)(1u << below(8));
        return size;
    case 1:
        if (size > 0)
            data[at] = (uint8_t)words[below(sizeof(words) - 1)];
        return size;
    case 2:
        if (size > 0)
            data[at] = (uint8_t)next_random();
        return size;
    case 3:
        if (size + length > most)
            return size;
        memmove(data + at + length, data + at, size - at);
        for (size_t i = 0; i < length; i++)
            data[at + i] = (uint8_t)words[below(sizeof(words) - 1)];
        return size + length;
    case 4:
        length = length < size - at ? length : size - at;
        memmove(data + at, data + at + length, size - at - length);
        return size - length;
    default: {
        size_t from = below(size);
        length = below(1 + (size - (at > from ? at : from)));
        memmove(data + at, data + from, length);
        return size;
    }
    }
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most)
{
    for (size_t rounds = 1 + below(4); rounds > 0; rounds--)
        size = mutate_once(data, size, most);
    return size;
}

static void add_file(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    FUZZ_MUST(fd >= 0 && fstat(fd, &status) == 0 && status.st_size <= INPUT_MOST);
    struct input input = {malloc((size_t)status.st_size + 1), (size_t)status.st_size};
    inputs = realloc(inputs, (input_count + 1) * sizeof(*inputs));
    FUZZ_MUST(input.data != NULL && inputs != NULL && read(fd, input.data, input.size) == status.st_size);
    inputs[input_count++] = input;
    close(fd);
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* In the order of names, so that a seed means the same everywhere. */
static void add_path(const char *path)
{
    struct dirent **entries;
    struct stat status;
    char inside[4096];
    if (stat(path, &status) != 0)
        return; /* a target need not have cases */
    if (!S_ISDIR(status.st_mode)) {
        add_file(path);
        return;
    }
    int count = scandir(path, &entries, visible, alphasort);
    for (int i = 0; i < count; i++) {
        snprintf(inside, sizeof(inside), "%s/%s", path, entries[i]->d_name);
        add_file(inside);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

static void keep_input(int signal)
{
    int fd = open("crash-input", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0 && write(fd, current.data, current.size) < 0)
        _exit(1);
    _exit(128 + signal);
}

static void run_one(const uint8_t *data, size_t size)
{
    current = (struct input){malloc(size + 1), size}; /* of its own, so that reading beyond it is seen */
    FUZZ_MUST(current.data != NULL);
    memcpy(current.data, data, size);
    uint8_t *exact = malloc(size > 0 ? size : 1);
    FUZZ_MUST(exact != NULL);
    memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    free(current.data);
}

static void run_mutated(void)
{
    const struct input *parent = &inputs[below(input_count)];
    size_t most = parent->size + GROWTH;
    uint8_t *data = malloc(most);
    FUZZ_MUST(data != NULL);
    memcpy(data, parent->data, parent->size);
    run_one(data, LLVMFuzzerCustomMutator(data, parent->size, most, (unsigned)next_random()));
    free(data);
}

int main(int argc, char **argv)
{
    unsigned long runs = 0;
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "-runs=", 6) == 0)
            runs = strtoul(argv[i] + 6, NULL, 10);
        else if (strncmp(argv[i], "-seed=", 6) == 0)
            state = strtoul(argv[i] + 6, NULL, 10) * 2 + 1; /* never 0 */
        else
            add_path(argv[i]);
    signal(SIGABRT, keep_input);
    for (size_t i = 0; i < input_count; i++)
        run_one(inputs[i].data, inputs[i].size);
    for (unsigned long i = 0; i < runs && input_count > 0; i++)
        run_mutated();
    printf("%zu files and %lu mutations of them: nothing found\n", input_count, runs);
    for (size_t i = 0; i < input_count; i++)
        free(inputs[i].data);
    free(inputs);
    return input_count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
