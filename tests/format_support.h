/*
 * Parsers for what reports write: each format is read by one of its own kind. What cannot be parsed fails the test.
 */
#ifndef FDTRACE_TESTS_FORMAT_SUPPORT_H
#define FDTRACE_TESTS_FORMAT_SUPPORT_H

#include "support.h"

/* The whole file, malloc'd. */
char *format_read_file(const char *path);

/* JSON without duplicate members; json_decref it. */
json_t *format_parse(const char *written);
/* The value at "runs/0/tool": keys and indexes. Borrowed; the test fails when there is none. */
const json_t *format_at(const json_t *value, const char *path);
const char *format_text_at(const json_t *value, const char *path);
long format_number_at(const json_t *value, const char *path);

/* What xmllint says an XPath of the file is: a string, a number, true or false. */
void format_expect_xpath(const char *path, const char *expression, const char *expected);

/* A workflow command as GitHub's runner reads it: properties and data, decoded. */
struct format_command {
    char level[16], file[256], line[16], title[64];
    char *data; /* malloc'd */
};
/* False: the runner sees no command in that line, and data is NULL. */
bool format_read_command(const char *line, struct format_command *command);
/* How many commands of that level there are in what was written; NULL: of any. */
size_t format_count_commands(const char *written, const char *level);

/* The rows of a CSV file as Python reads them: an array of objects, one member a column. json_decref it. */
json_t *format_csv_rows(const char *path);

#endif
