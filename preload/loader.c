/* dlsym and its kin, wherever this libc keeps them. See loader.h. */
#include "loader.h"

#include "symbols.h"

#include <stddef.h>

OF_FIRST_VERSION(dlsym);
OF_FIRST_VERSION(dlopen);
OF_FIRST_VERSION(dladdr);

/* How glibc before 2.34 reaches its own libraries (iconv, nss). Newer ones lack them and need them not. */
extern void *__libc_dlopen_mode(const char *name, int mode) __attribute__((weak));
extern void *__libc_dlsym(void *object, const char *name) __attribute__((weak));
#define FROM_LIBC ((int)0x80000000) /* __RTLD_DLOPEN: loaded later, to be told to debuggers */

extern const char *gnu_get_libc_version(void) __attribute__((weak));

bool loader_is_foreign(void)
{
#ifdef __GLIBC__
    return gnu_get_libc_version == NULL;
#else
    return gnu_get_libc_version != NULL;
#endif
}

static void *libdl; /* where we had to fetch it */
static __typeof__(dlsym) *the_dlsym;
static __typeof__(dlopen) *the_dlopen;
static __typeof__(dladdr) *the_dladdr;

/* Idempotent: two early threads store the same addresses. */
void loader_start(void)
{
    if (__atomic_load_n(&the_dlsym, __ATOMIC_ACQUIRE) != NULL)
        return;
    if (dlsym == NULL && __libc_dlopen_mode != NULL && __libc_dlsym != NULL)
        libdl = __libc_dlopen_mode("libdl.so.2", RTLD_NOW | FROM_LIBC);
    the_dlopen = libdl != NULL ? __libc_dlsym(libdl, "dlopen") : dlopen;
    the_dladdr = libdl != NULL ? __libc_dlsym(libdl, "dladdr") : dladdr;
    __atomic_store_n(&the_dlsym, libdl != NULL ? __libc_dlsym(libdl, "dlsym") : dlsym, __ATOMIC_RELEASE);
}

void *loader_find(void *handle, const char *name)
{
    struct symbol symbol = {.name = name};
    loader_start();
    if (handle == RTLD_DEFAULT)
        symbols_find(&symbol, 1, false);
    if (handle == RTLD_DEFAULT && !symbol.there)
        return NULL; /* dlsym would allocate */
    void *found = the_dlsym != NULL ? the_dlsym(handle, name) : NULL;
    /* A library that comes later may bring libdl along, and call there what has a wrapper. */
    return found == NULL && handle == RTLD_NEXT && libdl != NULL ? __libc_dlsym(libdl, name) : found;
}

void *loader_open(const char *name)
{
    loader_start();
    return the_dlopen != NULL ? the_dlopen(name, RTLD_NOW | RTLD_LOCAL) : NULL;
}

bool loader_tell(const void *address, Dl_info *info)
{
    loader_start();
    return the_dladdr != NULL && the_dladdr(address, info) != 0;
}
