/* Brings the runtime of AddressSanitizer, which wants to be the first library. LIBS: -lpthread -fsanitize=address */
#include "company/work.h"

int main(void)
{
    return work();
}
