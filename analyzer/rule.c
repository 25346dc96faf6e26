/* The table of rules. See rule.h. */
#include "rule.h"

const struct rule rules[] = {
#define FDT_RULE(symbol, id, severity, says) {id, SEVERITY_##severity, says, &rule_##symbol},
#include "fdtrace/rules.def"
#undef FDT_RULE
    {NULL, SEVERITY_NOTE, NULL, NULL},
};

const char *severity_name(enum severity severity)
{
    static const char *const names[] = {"note", "warning", "error"};
    return names[severity];
}
