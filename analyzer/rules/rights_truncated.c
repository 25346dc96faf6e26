/*
 * rights-truncated: the kernel had to leave out descriptors that were sent to us, because the control buffer was too small.
 * They are gone: closed at once, and nobody can ask for them again (unix(7), MSG_CTRUNC in recvmsg(2)).
 */
#include "rules/incident.h"
#include "words.h"

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    incidents_report(rule, image, findings, FDT_INCIDENT_RIGHTS, "receive");
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    const struct finding_stack *receive = finding_stack(finding, "receive");
    fputs("descriptors sent to this process were lost", message);
    words_place(message, finding, receive);
    fputs(": the control buffer had no room for them", message);
    if (finding->count > 1)
        fprintf(message, ", %llu times", (unsigned long long)finding->count);
    fputs("make msg_control at least CMSG_SPACE(n * sizeof(int)) for the n descriptors a message may carry, and look for "
          "MSG_CTRUNC in msg_flags", suggestion);
}

const struct rule_code rule_rights_truncated = {check, describe, .by_line = true};
