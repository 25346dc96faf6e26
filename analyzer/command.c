/* What every command says in the same way: errors and --help. See command.h. */
#include "command.h"

#include "escape.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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
