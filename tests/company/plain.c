/* Nothing but the work. LIBS: -lpthread */
#include "company/work.h"

int main(void)
{
    return work();
}
