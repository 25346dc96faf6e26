/* Brings the runtime of ThreadSanitizer, which wraps what we wrap. LIBS: -lpthread -fsanitize=thread */
#include "company/work.h"

int main(void)
{
    return work();
}
