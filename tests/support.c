#include "support.h"

#include "torture/scale.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_SECONDS 60

const char *text(const char *format, ...)
{
    static char buffers[64][PATH_MAX];
    static unsigned next;
    char *buffer = buffers[next++ % 64];
    va_list words;
    va_start(words, format);
    vsnprintf(buffer, PATH_MAX, format, words);
    va_end(words);
    return buffer;
}

const char *built(const char *name)
{
    const char *folder = getenv("FDTRACE_BUILD");
    char absolute[PATH_MAX];
    if (realpath(folder != NULL ? folder : "build", absolute) == NULL)
        cr_assert_fail("no build folder: run make first, or set FDTRACE_BUILD");
    return text("%s/%s", absolute, name);
}

bool have_program(const char *name)
{
    char *path = strdup(getenv("PATH") != NULL ? getenv("PATH") : "/usr/bin:/bin");
    bool found = strchr(name, '/') != NULL && access(name, X_OK) == 0;
    for (char *state, *folder = strtok_r(path, ":", &state); folder != NULL && !found; folder = strtok_r(NULL, ":", &state))
        found = access(text("%s/%s", folder, name), X_OK) == 0;
    free(path);
    return found;
}

/* --- running --- */

/* One of a program's output streams, as far as it has been read. */
struct stream {
    int fd;
    char *bytes;
    size_t length, room;
};

struct running {
    pid_t pid;
    int pidfd;
    int64_t deadline_ms;
    struct stream out, err;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Reads what is there. Returns false at the end of the stream. */
static bool stream_read(struct stream *stream)
{
    for (;;) {
        if (stream->room - stream->length < 4096) {
            stream->room = stream->room * 2 + 8192;
            stream->bytes = realloc(stream->bytes, stream->room);
            if (stream->bytes == NULL)
                cr_assert_fail("out of memory");
        }
        ssize_t got = read(stream->fd, stream->bytes + stream->length, stream->room - stream->length - 1);
        if (got > 0)
            stream->length += (size_t)got;
        stream->bytes[stream->length] = '\0';
        if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
            return false;
        if (got < 0 && errno == EAGAIN)
            return true;
    }
}

/* Between fork and exec: only async-signal-safe calls would be needed if the harness had threads; Criterion's has. */
static void become(const struct run *how, const char *const *words, char *const *environment, const int *ends)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    dup2(ends[0], STDIN_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[2], STDERR_FILENO);
    /* Criterion's own pipes stay here: a program under test begins with 0, 1 and 2 alone. */
    close_range(3, ~0U, 0);
    if (how->folder != NULL && chdir(how->folder) != 0)
        _exit(125);
    execvpe(words[0], (char *const *)words, environment);
    _exit(127);
}

#define WORDS_MAX 128

/* The command line: the program's own, or `fdtrace run` before it. */
static void compose_words(const struct run *how, const char **words)
{
    size_t used = 0;
    if (how->tracing == UNDER_RUN) {
        words[used++] = built("fdtrace");
        words[used++] = "run";
        words[used++] = "-o";
        words[used++] = text("json:%s", how->report);
        words[used++] = "--";
    }
    for (const char *const *word = how->argv; *word != NULL && used < WORDS_MAX - 1; word++)
        words[used++] = *word;
    words[used] = NULL;
}

static bool overridden(const char *variable, const char *const *further)
{
    size_t length = strcspn(variable, "=") + 1;
    static const char *const ours[] = {"LD_PRELOAD=", "FDTRACE_OPTIONS=", "FDTRACE_SESSION=", "FDTRACE_REQUIRED="};
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (strncmp(variable, ours[i], length) == 0)
            return true;
    for (; further != NULL && *further != NULL; further++)
        if (strncmp(variable, *further, length) == 0)
            return true;
    return false;
}

static void compose_environment(const struct run *how, const char **words)
{
    size_t used = 0;
    for (const char *const *word = how->environment; word != NULL && *word != NULL; word++)
        words[used++] = *word;
    if (how->tracing == PRELOADED)
        words[used++] = text("LD_PRELOAD=%s", built("libfdtrace.so"));
    if (how->options != NULL)
        words[used++] = text("FDTRACE_OPTIONS=%s", how->options);
    for (char **variable = environ; *variable != NULL && used < WORDS_MAX - 1; variable++)
        if (!overridden(*variable, how->environment))
            words[used++] = *variable;
    words[used] = NULL;
}

static int open_input(const char *input)
{
    if (input == NULL)
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd >= 0 && (write(fd, input, strlen(input)) != (ssize_t)strlen(input) || lseek(fd, 0, SEEK_SET) != 0))
        cr_assert_fail("cannot prepare the input: %s", strerror(errno));
    return fd;
}

struct running *run_start(const struct run *how)
{
    const char *words[WORDS_MAX], *environment[WORDS_MAX];
    int out[2], err[2];
    struct running *running = calloc(1, sizeof(*running));
    compose_words(how, words);
    compose_environment(how, environment);
    if (running == NULL || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
        cr_assert_fail("cannot make pipes: %s", strerror(errno));
    int ends[3] = {open_input(how->input), out[1], err[1]};
    running->pid = fork();
    if (running->pid == 0)
        become(how, words, (char *const *)environment, ends);
    if (running->pid < 0)
        cr_assert_fail("cannot fork: %s", strerror(errno));
    for (int i = 0; i < 3; i++)
        close(ends[i]);
    running->pidfd = pidfd_open(running->pid, 0);
    if (running->pidfd < 0)
        cr_assert_fail("pidfd_open: %s", strerror(errno));
    running->out.fd = out[0];
    running->err.fd = err[0];
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    fcntl(err[0], F_SETFL, O_NONBLOCK);
    unsigned deadline = how->deadline != 0 ? how->deadline : DEADLINE_SECONDS;
    running->deadline_ms = now_ms() + 1000LL * deadline * machine_slowness();
    return running;
}

pid_t run_pid(const struct running *running)
{
    return running->pid;
}

struct outcome run_finish(struct running *running, int signal)
{
    struct outcome outcome = {0};
    if (signal != 0)
        kill(running->pid, signal);
    for (bool ended = false; !ended;) {
        struct pollfd watched[] = {
            {running->pidfd, POLLIN, 0}, {running->out.fd, POLLIN, 0}, {running->err.fd, POLLIN, 0}};
        int64_t left = running->deadline_ms - now_ms();
        if (left <= 0 && !outcome.overdue) {
            outcome.overdue = true;
            kill(-running->pid, SIGKILL); /* the process group that become() made */
        }
        if (poll(watched, 3, left > 0 ? (int)left : 100) < 0 && errno != EINTR)
            cr_assert_fail("poll: %s", strerror(errno));
        ended = (watched[0].revents & POLLIN) != 0;
        if (running->out.fd >= 0 && !stream_read(&running->out))
            close(running->out.fd), running->out.fd = -1;
        if (running->err.fd >= 0 && !stream_read(&running->err))
            close(running->err.fd), running->err.fd = -1;
    }
    if (waitpid(running->pid, &outcome.status, 0) != running->pid)
        cr_assert_fail("waitpid: %s", strerror(errno));
    close(running->pidfd);
    if (running->out.fd >= 0)
        close(running->out.fd);
    if (running->err.fd >= 0)
        close(running->err.fd);
    outcome.out = running->out.bytes;
    outcome.err = running->err.bytes;
    free(running);
    return outcome;
}

struct outcome run(const struct run *how)
{
    return run_finish(run_start(how), 0);
}

void outcome_free(struct outcome *outcome)
{
    free(outcome->out);
    free(outcome->err);
    outcome->out = outcome->err = NULL;
}

int outcome_code(const struct outcome *outcome)
{
    return WIFSIGNALED(outcome->status) ? 128 + WTERMSIG(outcome->status) : WEXITSTATUS(outcome->status);
}

/* --- scratch folders --- */

char *scratch_make(void)
{
    const char *parent = getenv("TMPDIR");
    char *folder = strdup(text("%s/fdtrace-test.XXXXXX", parent != NULL ? parent : "/tmp"));
    if (folder == NULL || mkdtemp(folder) == NULL)
        cr_assert_fail("cannot make a scratch folder: %s", strerror(errno));
    return folder;
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *place)
{
    (void)about, (void)type, (void)place;
    return remove(path);
}

void scratch_remove(char *folder)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    free(folder);
}

/* --- directives --- */

char *directive(const char *source, const char *word, unsigned nth)
{
    char head[4096];
    FILE *file = fopen(source, "re");
    if (file == NULL)
        cr_assert_fail("%s: %s", source, strerror(errno));
    head[fread(head, 1, sizeof(head) - 1, file)] = '\0';
    fclose(file);
    char *end = strstr(head, "#include");
    if (end != NULL)
        *end = '\0';
    size_t length = strlen(word);
    for (char *state, *line = strtok_r(head, "\n", &state); line != NULL; line = strtok_r(NULL, "\n", &state)) {
        line += strspn(line, " /*#");
        if (strncmp(line, word, length) != 0 || line[length] != ':' || nth-- > 0)
            continue;
        line += length + 1;
        line += strspn(line, " ");
        size_t size = strlen(line);
        if (size >= 2 && strcmp(line + size - 2, "*/") == 0)
            size -= 2;
        while (size > 0 && line[size - 1] == ' ')
            size--;
        return strndup(line, size);
    }
    return NULL;
}

/* --- reports --- */

json_t *report_load(const char *path)
{
    json_error_t error;
    json_t *report = json_load_file(path, 0, &error);
    cr_assert_not_null(report, "no readable report at %s: %s (line %d)", path, error.text, error.line);
    cr_assert_str_eq(json_string_value(json_object_get(report, "schema")), "fdtrace-report/1");
    cr_assert(json_is_array(json_object_get(report, "findings")), "a report has findings, if only an empty list");
    return report;
}

static const char *string_of(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value != NULL ? value : "";
}

size_t report_count(const json_t *report, const char *rule)
{
    size_t index, count = 0;
    json_t *finding;
    json_array_foreach(json_object_get(report, "findings"), index, finding) {
        if (rule != NULL ? strcmp(string_of(finding, "rule"), rule) == 0 : strcmp(string_of(finding, "severity"), "note") != 0)
            count++;
    }
    return count;
}

/* C++ names come with their parameters: `load<int>` fits `void load<int>(int)`. */
static bool function_fits(const char *function, const char *wanted)
{
    const char *found = strstr(function, wanted);
    if (found == NULL || (found > function && found[-1] != ' ' && found[-1] != ':'))
        return false;
    char after = found[strlen(wanted)];
    return after == '\0' || after == '(' || after == '<' || after == '[';
}

static bool stacks_name(const json_t *finding, const char *role, const char *function)
{
    size_t i, j;
    json_t *stack, *frame;
    json_array_foreach(json_object_get(finding, "stacks"), i, stack) {
        if (role != NULL && strcmp(string_of(stack, "role"), role) != 0)
            continue;
        json_array_foreach(json_object_get(stack, "frames"), j, frame) {
            if (function_fits(string_of(frame, "function"), function))
                return true;
        }
    }
    return false;
}

static bool descriptors_have(const json_t *finding, const char *key, const char *value)
{
    size_t index;
    json_t *descriptor;
    json_array_foreach(json_object_get(finding, "descriptors"), index, descriptor) {
        if (strcmp(string_of(descriptor, key), value) == 0)
            return true;
    }
    return false;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static bool key_fits(const json_t *finding, const char *key, const char *value)
{
    if (strcmp(key, "count") == 0)
        return json_integer_value(json_object_get(finding, "count")) == atoll(value);
    if (strcmp(key, "crossings") == 0)
        return json_integer_value(json_object_get(finding, "crossings")) == atoll(value);
    if (strcmp(key, "severity") == 0)
        return strcmp(string_of(finding, "severity"), value) == 0;
    if (strcmp(key, "target") == 0) /* a whole path, or its end */
        return ends_with(string_of(finding, "target"), value);
    if (strcmp(key, "function") == 0)
        return stacks_name(finding, NULL, value);
    if (strcmp(key, "kind") == 0 || strcmp(key, "call") == 0 || strcmp(key, "owner") == 0 || strcmp(key, "name") == 0)
        return descriptors_have(finding, key, value);
    return stacks_name(finding, key, value);
}

bool finding_fits(const json_t *finding, const char *expectation)
{
    char *words = strdup(expectation), *state;
    bool fits = strcmp(string_of(finding, "rule"), strtok_r(words, " ", &state)) == 0;
    for (char *word; fits && (word = strtok_r(NULL, " ", &state)) != NULL;) {
        char *value = strchr(word, '=');
        if (value == NULL)
            cr_assert_fail("'%s': expected key=value in '%s'", word, expectation);
        *value++ = '\0';
        fits = key_fits(finding, word, value);
    }
    free(words);
    return fits;
}

char *report_digest(const json_t *report)
{
    char *digest = NULL;
    size_t size, i, j, k;
    json_t *finding, *stack, *frame;
    FILE *stream = open_memstream(&digest, &size);
    json_array_foreach(json_object_get(report, "findings"), i, finding) {
        const json_t *first = json_array_get(json_object_get(finding, "descriptors"), 0);
        fprintf(stream, "  %s count=%lld kind=%s call=%s owner=%s name=%s", string_of(finding, "rule"),
                (long long)json_integer_value(json_object_get(finding, "count")), string_of(first, "kind"),
                string_of(first, "call"), string_of(first, "owner"), string_of(first, "name"));
        json_array_foreach(json_object_get(finding, "stacks"), j, stack) {
            fprintf(stream, " %s=", string_of(stack, "role"));
            json_array_foreach(json_object_get(stack, "frames"), k, frame)
                fprintf(stream, "%s%s", k > 0 ? ";" : "", string_of(frame, "function"));
        }
        fputc('\n', stream);
    }
    fclose(stream);
    return digest;
}
