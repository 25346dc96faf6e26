/* JSON values that more than one command prints: the same thing looks the same in every document. */
#ifndef FDTRACE_OUT_JSON_VALUES_H
#define FDTRACE_OUT_JSON_VALUES_H

#include "model.h"

#include <jansson.h>

/* A string of untrusted bytes; what is no UTF-8 is escaped as \xff. JSON null for NULL. */
json_t *json_of_text(const char *text);
/* A string for people to read: as escape_print writes it, so that no viewer obeys it. JSON null for NULL. */
json_t *json_of_words(const char *text);
json_t *json_of_number(uint64_t number);
/* {descriptor} of the contract. */
json_t *json_of_descriptor(const struct descriptor *descriptor);
/* Writes value on one line, ASCII only, and drops it. 0 or -ENOMEM (value is NULL). */
int json_print(FILE *out, json_t *value);

#endif
