/*
 * What can be traced: programs forged byte by byte, and scripts that lead to them. Each verdict comes with its reason.
 */
#include "support.h"
#include "run/traceable.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HELPER(name) built("tests/run/" name)

/* Where things lie in an ELF file's first 64 bytes (elf(5)). */
enum { CLASS_AT = 4, BYTE_ORDER_AT = 5, TYPE_AT = 16, MACHINE_AT = 18, HEADERS_AT = 32, HEADER_COUNT_AT = 56 };

static const char *write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "we");
    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0 || chmod(path, 0755) != 0)
        cr_assert_fail("cannot write %s", path);
    return path;
}

static const char *script(const char *path, const char *words)
{
    return write_file(path, words, strlen(words));
}

static char *read_file(const char *path, size_t *size)
{
    struct stat status;
    FILE *file = fopen(path, "re");
    if (file == NULL || fstat(fileno(file), &status) != 0)
        cr_assert_fail("cannot read %s", path);
    char *bytes = malloc((size_t)status.st_size);
    if (bytes == NULL || fread(bytes, 1, (size_t)status.st_size, file) != (size_t)status.st_size)
        cr_assert_fail("cannot read %s", path);
    fclose(file);
    *size = (size_t)status.st_size;
    return bytes;
}

/* Replaces some bytes of a program, which is a good one when path does not exist. */
static const char *forge(const char *path, size_t offset, const char *bytes, size_t length)
{
    size_t size;
    char *program = read_file(access(path, F_OK) == 0 ? path : HELPER("status"), &size);
    memcpy(program + offset, bytes, length);
    write_file(path, program, size);
    free(program);
    return path;
}

/* A good program with another dynamic linker, whose name must not be longer: slashes fill the place up. */
static const char *relink(const char *path, const char *linker)
{
    size_t size;
    char *program = read_file(HELPER("status"), &size), *old = memmem(program, size, "/ld-linux", 9);
    while (old != NULL && old > program && old[-1] != '\0')
        old--;
    cr_assert(old != NULL && strlen(linker) <= strlen(old), "no dynamic linker in the helper");
    size_t gap = strlen(old) - strlen(linker);
    memset(old, '/', gap);
    memcpy(old + gap, linker, strlen(linker));
    write_file(path, program, size);
    free(program);
    return path;
}

static void expect(const char *command, enum traceable_verdict verdict, const char *reason)
{
    struct traceable answer;
    traceable_examine(&answer, command);
    cr_expect_eq(answer.verdict, verdict, "%s: %d, not %d: %s", command, answer.verdict, verdict, answer.reason);
    cr_expect_not_null(strstr(answer.reason, reason), "%s: '%s', not '%s'", command, answer.reason, reason);
}

/* Programs that would run, untraced. They are made in the current folder. */
static const struct expectation { char name[24]; char reason[56]; } untraceables[] = {
    {"static", "it is statically linked"},
    {"static_pie", "it is statically linked"},
    {"32bit", "it is a 32-bit program (x86)"},
    {"foreign", "it is built for"},
    {"big-endian", "it is built for"},
    {"musl", "it is linked to musl (/"},
    {"other-linker", "it is started by /"},
    {"script", "its interpreter ./static is statically linked"},
    {"script-of-script", "its interpreter ./static is statically linked"},
    {"env", "its interpreter ./static is statically linked"},
    {"env-split", "its interpreter ./static is statically linked"},
    {"env-joined", "its interpreter ./static is statically linked"},
    {"env-option", "its interpreter ./static is statically linked"},
};

static void make_untraceables(void)
{
#if defined(__x86_64__)
    static const char foreign[] = {(char)183, 0}; /* aarch64 */
#else
    static const char foreign[] = {62, 0};        /* x86-64 */
#endif
    cr_assert_eq(symlink(HELPER("static"), "static"), 0);
    cr_assert_eq(symlink(HELPER("static_pie"), "static_pie"), 0);
    forge(forge("32bit", CLASS_AT, "\1", 1), MACHINE_AT, "\3\0", 2);
    forge("foreign", MACHINE_AT, foreign, 2);
    forge("big-endian", BYTE_ORDER_AT, "\2", 1);
    relink("musl", "/lib/ld-musl-any.so.1");
    relink("other-linker", "/lib/linker64");
    script("script", "#! ./static -x\n");
    script("script-of-script", "#!./script\n");
    script("env", "#!/usr/bin/env ./static\n");
    script("env-split", "#!/usr/bin/env -S A=1 ./static -x\n");
    script("env-joined", "#!/usr/bin/env -S./static -x\n");
    script("env-option", "#!/usr/bin/env -S -u NAME ./static\n");
}

ParameterizedTestParameters(traceable, would_run_untraced)
{
    return cr_make_param_array(struct expectation, (void *)untraceables,
                               sizeof(untraceables) / sizeof(untraceables[0]), NULL);
}

/* Moves into a fresh folder: the test is a process of its own. */
static char *move_to_scratch(void)
{
    setenv("FDTRACE_BUILD", built("."), 1); /* it may be relative to where we leave */
    char *scratch = scratch_make();
    cr_assert_eq(chdir(scratch), 0);
    return scratch;
}

ParameterizedTest(struct expectation *program, traceable, would_run_untraced)
{
    char *scratch = move_to_scratch();
    make_untraceables();
    expect(text("./%s", program->name), TRACEABLE_NOT, program->reason);
    scratch_remove(scratch);
}

Test(traceable, would_not_run)
{
    char *scratch = move_to_scratch();
    script("0", "#!/bin/sh\n");
    for (int i = 1; i <= 5; i++)
        script(text("%d", i), text("#!./%d\n", i - 1));
    expect("./4", TRACEABLE, "");
    expect("./5", TRACEABLE_NO_EXECUTABLE, "more than 5 interpreters"); /* the kernel's own bound */
    expect(script("./short", "\177ELF"), TRACEABLE_NO_EXECUTABLE, "damaged");
    expect(forge("./headers-far-away", HEADERS_AT, "\377\377\377\377\377\377\377\177", 8), TRACEABLE_NO_EXECUTABLE,
           "damaged");
    expect(forge("./headers-behind", HEADERS_AT, "\377\377\377\377\377\377\377\377", 8), TRACEABLE_NO_EXECUTABLE,
           "damaged");
    expect(forge("./no-headers", HEADER_COUNT_AT, "\0\0", 2), TRACEABLE_NO_EXECUTABLE, "damaged");
    expect(forge("./many-headers", HEADER_COUNT_AT, "\377\377", 2), TRACEABLE_NO_EXECUTABLE, "damaged");
    expect(forge("./object", TYPE_AT, "\1\0", 2), TRACEABLE_NO_EXECUTABLE, "no program");
    expect(script("./circle", "#!/usr/bin/env ./circle\n"), TRACEABLE_NO_EXECUTABLE, "circles");
    expect(relink("./no-linker", "/no/ld-linux.so.2"), TRACEABLE_MISSING, "does not exist");
    expect(script("./lost", "#!/no/such/interpreter\n"), TRACEABLE_MISSING, "/no/such/interpreter");
    expect(script("./lost-env", "#!/usr/bin/env no-such-program\n"), TRACEABLE_MISSING, "no-such-program");
    expect(script("./folder", "#!/etc\n"), TRACEABLE_NO_EXECUTABLE, "its interpreter /etc is a directory");
    cr_assert_eq(mkfifo("./fifo", 0755), 0);
    expect("./fifo", TRACEABLE_NO_EXECUTABLE, "it is not an executable file");
    scratch_remove(scratch);
}

/* Near twins of what is refused. */
Test(traceable, can_be_traced)
{
    char *scratch = move_to_scratch();
    expect(HELPER("status"), TRACEABLE, "");
    expect("sh", TRACEABLE, "");
    expect(script("./script", "#!/bin/sh\n"), TRACEABLE, "");
    expect(script("./blanks", "#! \t /bin/sh \t -e \t \necho\n"), TRACEABLE, "");
    expect(script("./no-newline", "#!/bin/sh"), TRACEABLE, "");
    expect(script("./env", "#!/usr/bin/env sh\n"), TRACEABLE, "");
    expect(script("./env-alone", "#!/usr/bin/env\n"), TRACEABLE, "");
#if defined(__x86_64__)
    expect("/lib64/ld-linux-x86-64.so.2", TRACEABLE, ""); /* static, but it is the one who obeys LD_PRELOAD */
#endif
    scratch_remove(scratch);
}

/* Neither ELF nor #!: execvp gives it to the shell, and so do we. */
Test(traceable, read_by_the_shell)
{
    char *scratch = move_to_scratch();
    char long_name[400] = "#!/";
    memset(long_name + 3, 'x', sizeof(long_name) - 4); /* a #! line the kernel does not read to its end is none */
    const char *const texts[] = {"", "echo\n", "#!\n", "#! \t\n", "\1\2", long_name};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct traceable answer;
        traceable_examine(&answer, script(text("./%zu", i), texts[i]));
        cr_expect_eq(answer.verdict, TRACEABLE, "%zu: %s", i, answer.reason);
        cr_expect(answer.by_shell, "%zu", i);
    }
    scratch_remove(scratch);
}
