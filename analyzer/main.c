/* fdtrace: a table of commands. Each is one file, cmd_NAME.c; see command.h. */
#include "command.h"

#include "escape.h"
#include "fdtrace/fdtrace.h"
#include "fdtrace/segment.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command *const commands[] = {&command_run, &command_report, &command_ls};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

/* One line on standard error. What the user typed may hold anything, so it is escaped. */
static int complain(const struct command *command, const char *hint, const char *format, va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    fprintf(stderr, "fdtrace%s%s: ", command != NULL ? " " : "", command != NULL ? command->name : "");
    escape_print(stderr, text != NULL ? text : "out of memory");
    fprintf(stderr, "%s\n", hint);
    free(text);
    return EXIT_USAGE;
}

int command_usage_error(const struct command *command, const char *format, ...)
{
    char hint[64];
    va_list arguments;
    snprintf(hint, sizeof(hint), " (see fdtrace %s --help)", command->name);
    va_start(arguments, format);
    complain(command, hint, format, arguments);
    va_end(arguments);
    return EXIT_USAGE;
}

int command_error(const struct command *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(command, "", format, arguments);
    va_end(arguments);
    return EXIT_USAGE;
}

int command_help(const struct command *command)
{
    printf("usage: fdtrace %s %s\n\n%s.\n\n", command->name, command->usage, command->summary);
    for (const struct command_option *const *table = command->options; *table != NULL; table++) {
        for (const struct command_option *option = *table; option->name != NULL; option++) {
            char text[80], letter[8] = "    ";
            if (option->letter != 0)
                snprintf(letter, sizeof(letter), "-%c, ", option->letter);
            snprintf(text, sizeof(text), "%s--%s%s%s", letter, option->name, option->argument != NULL ? "=" : "",
                     option->argument != NULL ? option->argument : "");
            printf("  %-36s  %s\n", text, option->help);
        }
    }
    printf("  %-36s  %s\n", "-h, --help", "print this");
    return EXIT_SUCCESS;
}

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
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return version();
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return help(stdout);
    if (strcmp(argv[1], "help") != 0)
        return unknown_command(argv[1]);
    if (argc == 2)
        return help(stdout);
    command = find_command(argv[2]);
    return command != NULL ? command_help(command) : unknown_command(argv[2]);
}
