/* Conditions of --fail-on. See gate.h. */
#include "gate.h"

#include "options.h"
#include "rule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One condition, taken apart. */
struct condition {
    char word[64];           /* the rule or severity, as written */
    int severity;            /* -1: word is a rule */
    const struct rule *rule; /* NULL: word is a severity, or nothing we know */
    bool counted;            /* >N was given */
    uint64_t most;
};

static int find_severity(const char *word)
{
    for (int severity = SEVERITY_NOTE; severity <= SEVERITY_ERROR; severity++)
        if (strcmp(severity_name((enum severity)severity), word) == 0)
            return severity;
    return -1;
}

static const struct rule *find_rule(const char *word)
{
    for (const struct rule *rule = rules; rule->id != NULL; rule++)
        if (strcmp(rule->id, word) == 0)
            return rule;
    return NULL;
}

static bool parse_number(const char *text, size_t length, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *number = *number * 10 + (uint64_t)(text[i] - '0');
    }
    return length > 0 && length <= 18;
}

/* Takes one condition off *text. False: its >N is no number. */
static bool next_condition(const char **text, struct condition *condition)
{
    size_t length = strcspn(*text, ","), word = strcspn(*text, ",>");
    *condition = (struct condition){.counted = (*text)[word] == '>'};
    snprintf(condition->word, sizeof(condition->word), "%.*s", (int)word, *text);
    condition->severity = find_severity(condition->word);
    condition->rule = find_rule(condition->word);
    bool good = !condition->counted || parse_number(*text + word + 1, length - word - 1, &condition->most);
    *text += length + ((*text)[length] == ',');
    return good;
}

static int refuse_word(const char *word, char *error, size_t error_size)
{
    const char *names[GATE_RULES + 4] = {"note", "warning", "error"};
    for (size_t i = 0; i < GATE_RULES; i++)
        names[3 + i] = rules[i].id;
    const char *near = closest_word(word, names);
    snprintf(error, error_size,
             near != NULL ? "no rule or severity is called '%s'; did you mean '%s'?"
                          : "no rule or severity is called '%s'; severities are note, warning and error",
             word, near);
    return -EINVAL;
}

int gate_check(const char *list, char *error, size_t error_size)
{
    struct condition condition;
    while (*list != '\0') {
        bool good = next_condition(&list, &condition);
        if (condition.severity < 0 && condition.rule == NULL)
            return refuse_word(condition.word, error, error_size);
        if (!good) {
            snprintf(error, error_size, "'%s>' wants a number after it, as in '%s>3'", condition.word, condition.word);
            return -EINVAL;
        }
    }
    return 0;
}

void gate_count(struct gate_tally *tally, const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = findings->items[i];
        tally->counts[finding->rule - rules][finding->severity] += finding->count - finding->known;
    }
}

bool gate_matches(const char *list, const struct gate_tally *tally, char *why, size_t why_size)
{
    struct condition condition;
    for (const char *text = list != NULL ? list : ""; *text != '\0';) {
        uint64_t sum = 0;
        next_condition(&text, &condition);
        for (size_t i = 0; i < GATE_RULES; i++)
            for (int severity = SEVERITY_NOTE; severity <= SEVERITY_ERROR; severity++)
                if (condition.rule == &rules[i] || (condition.severity >= 0 && severity >= condition.severity))
                    sum += tally->counts[i][severity];
        if (sum <= condition.most)
            continue;
        snprintf(why, why_size, condition.counted ? "%llu %s, more than %llu" : "%llu %s", (unsigned long long)sum,
                 condition.rule != NULL                   ? condition.word
                 : condition.severity == SEVERITY_ERROR   ? "error(s)"
                 : condition.severity == SEVERITY_WARNING ? "warning(s) or error(s)"
                                                          : "finding(s)",
                 (unsigned long long)condition.most);
        return true;
    }
    return false;
}
