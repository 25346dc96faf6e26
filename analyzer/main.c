/* fdtrace: a table of commands. Each is one file, cmd_NAME.c; see command.h. */
#include "command.h"

#include "escape.h"
#include "fdtrace/fdtrace.h"
#include "fdtrace/segment.h"
#include "run/self_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command *const commands[] = {&command_run, &command_report, &command_ls, &command_why, &command_diff};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static int help(FILE *out)
{
    fputs("usage: fdtrace COMMAND [ARGUMENTS]\n\n"
          "fdtrace tells who opened a file descriptor, why it is still open, and who closed what it did not own.\n\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-8s  %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n`fdtrace COMMAND --help` lists the options of a command; the manual is fdtrace(1).\n", out);
    return EXIT_SUCCESS;
}

static int version(void)
{
    printf("fdtrace %s (recordings of format %u, JSON fdtrace-report/1)\n", FDTRACE_VERSION, FDT_VERSION);
    return EXIT_SUCCESS;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int unknown_command(const char *name)
{
    const char *names[COMMAND_COUNT + 4] = {"help", "--help", "--version"};
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[3 + i] = commands[i]->name;
    const char *near = closest_word(name, names);
    fprintf(stderr, "fdtrace: there is no %s '", name[0] == '-' ? "option" : "command");
    escape_print(stderr, name);
    if (near != NULL)
        fprintf(stderr, "'; did you mean '%s'? (see fdtrace help)\n", near);
    else
        fputs("' (see fdtrace help)\n", stderr);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return EXIT_USAGE;
    }
    const struct command *command = find_command(argv[1]);
    if (command != NULL)
        return command->run(command, argc - 1, argv + 1);
    if (strcmp(argv[1], "--self-test") == 0)
        return run_self_test_subject();
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return version();
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return help(stdout);
    if (strcmp(argv[1], "help") != 0)
        return unknown_command(argv[1]);
    if (argc == 2)
        return help(stdout);
    command = find_command(argv[2]);
    char *words[] = {argv[2], "--help", NULL}; /* the command's own: some have more to tell than their options */
    return command != NULL ? command->run(command, 2, words) : unknown_command(argv[2]);
}
