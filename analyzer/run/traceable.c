/*
 * See traceable.h. The kernel's rules stand in execve(2) and its binfmt loaders, those of PATH in execvp(3).
 *
 * Nouns
 *   subject   the file looked at now: the command at first, then its interpreter, and that one's.
 *   hop       from a script to its interpreter. The kernel makes at most five (ELOOP).
 */
#include "run/traceable.h"

#include "path.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <paths.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_MACHINE EM_X86_64
#define NATIVE_LINKER  "/lib64/ld-linux-x86-64.so.2"
#elif defined(__aarch64__)
#define NATIVE_MACHINE EM_AARCH64
#define NATIVE_LINKER  "/lib/ld-linux-aarch64.so.1"
#else
#error "fdtrace knows x86-64 and aarch64"
#endif

enum {
    HEAD_SIZE = 256,  /* what the kernel reads of a script (BINPRM_BUF_SIZE) */
    HOPS_MOST = 5,
    FILES_MOST = 32,  /* env starts a new count of hops, and may lead in circles */
    HEADERS_MOST = 65536 / sizeof(Elf64_Phdr) /* the kernel's own bound */
};

struct subject {
    char path[PATH_MAX];
    char who[PATH_MAX + 32];      /* "it", or "its interpreter PATH" */
    int fd;
    size_t head_length;
    char head[HEAD_SIZE + 1];     /* NUL-terminated */
};

__attribute__((format(printf, 4, 5)))
static void conclude(struct traceable *answer, enum traceable_verdict verdict, const char *remedy, const char *format,
                     ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(answer->reason, sizeof(answer->reason), format, arguments);
    va_end(arguments);
    answer->verdict = verdict;
    answer->remedy = remedy;
}

/* --- finding the file --- */

/* 0, or the errno of an execve; EISDIR instead of its EACCES, which would not tell much. */
static int can_execute(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return errno;
    if (S_ISDIR(status.st_mode))
        return EISDIR;
    if (!S_ISREG(status.st_mode))
        return EACCES;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

/* One element of PATH, the folder of given length; an empty one is the current folder. */
static int try_folder(const char *folder, size_t length, const char *name, char path[PATH_MAX])
{
    int size = length > 0 ? snprintf(path, PATH_MAX, "%.*s/%s", (int)length, folder, name)
                          : snprintf(path, PATH_MAX, "%s", name);
    return size < PATH_MAX ? can_execute(path) : ENAMETOOLONG;
}

/* As execvp(3) searches: what may not be executed is passed over, but remembered. 0 or an errno. */
static int find_in_path(const char *name, char path[PATH_MAX])
{
    char standard[PATH_MAX] = "", refused[PATH_MAX];
    const char *folders = getenv("PATH");
    int found = ENOENT;
    if (folders == NULL) {
        confstr(_CS_PATH, standard, sizeof(standard));
        folders = standard;
    }
    for (;; folders++) {
        size_t length = strcspn(folders, ":");
        int code = try_folder(folders, length, name, path);
        if (code == 0)
            return 0;
        if ((code == EACCES || code == EISDIR) && found == ENOENT) {
            found = code;
            strcpy(refused, path);
        }
        folders += length;
        if (*folders == '\0')
            break;
    }
    if (found != ENOENT)
        strcpy(path, refused);
    return found;
}

static int find_command(const char *name, char path[PATH_MAX])
{
    if (*name != '\0' && strchr(name, '/') == NULL)
        return find_in_path(name, path);
    return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX ? can_execute(path) : ENAMETOOLONG;
}

static void cannot_execute(struct traceable *answer, int code, const char *who, const char *path)
{
    if (code == EISDIR)
        conclude(answer, TRACEABLE_NO_EXECUTABLE, NULL, "%s is a directory", who);
    else if (code == EACCES && access(path, F_OK) == 0)
        conclude(answer, TRACEABLE_NO_EXECUTABLE, "make it so with chmod +x", "%s is not an executable file", who);
    else
        conclude(answer, code == ENOENT ? TRACEABLE_MISSING : TRACEABLE_NO_EXECUTABLE, NULL, "%s: %s", who,
                 strerror(code));
}

/* The command itself: most often a word misspelt. */
static void command_missing(struct traceable *answer, const char *command)
{
    char here[PATH_MAX];
    bool named = strchr(command, '/') != NULL;
    bool is_here = !named && *command != '\0' && snprintf(here, sizeof(here), "./%s", command) < PATH_MAX &&
                   can_execute(here) == 0;
    conclude(answer, TRACEABLE_MISSING, is_here ? "one lies in the current folder: put ./ before its name" : NULL,
             named ? "there is no such file" : "no folder of PATH has it");
}

/* --- privileges --- */

/* May the file change who we are? Not on a nosuid mount, and not under no_new_privs. */
static bool privileges_allowed(const struct subject *subject)
{
    struct statvfs mount;
    return (fstatvfs(subject->fd, &mount) < 0 || (mount.f_flag & ST_NOSUID) == 0) &&
           prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
}

/* capabilities(7): what is permitted or effective is gained, unless root's real id has it all already. */
static bool gains_capabilities(const struct subject *subject)
{
    struct vfs_cap_data data = {0};
    char value[64];
    ssize_t length = getuid() != 0 ? fgetxattr(subject->fd, "security.capability", value, sizeof(value)) : -1;
    if (length < (ssize_t)XATTR_CAPS_SZ_1)
        return false;
    memcpy(&data, value, (size_t)length < sizeof(data) ? (size_t)length : sizeof(data));
    return (le32toh(data.magic_etc) & VFS_CAP_FLAGS_EFFECTIVE) != 0 ||
           (data.data[0].permitted | data.data[1].permitted) != 0;
}

/*
 * What makes the kernel set AT_SECURE: effective ids that will differ from the real ones, or capabilities gained. So
 * root may trace a set-uid root program, and nobody can trace anything while their own ids differ. NULL: nothing does.
 */
static const char *secure_execution(const struct subject *subject)
{
    struct stat status;
    if (fstat(subject->fd, &status) < 0)
        return NULL;
    bool allowed = privileges_allowed(subject);
    bool set_uid = allowed && (status.st_mode & S_ISUID) != 0;
    /* Without execute permission for the group the bit means mandatory locking (inode(7)). */
    bool set_gid = allowed && (status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
    if ((set_uid ? status.st_uid : geteuid()) != getuid())
        return set_uid ? "is set-uid" : "would run with a real user that is not the effective one";
    if ((set_gid ? status.st_gid : getegid()) != getgid())
        return set_gid ? "is set-gid" : "would run with a real group that is not the effective one";
    return allowed && gains_capabilities(subject) ? "has file capabilities" : NULL;
}

/* --- ELF --- */

static const char *machine_name(unsigned machine)
{
    static const struct { unsigned machine; const char *name; } names[] = {
        {EM_386, "x86"},       {EM_X86_64, "x86-64"}, {EM_ARM, "ARM"},      {EM_AARCH64, "aarch64"},
        {EM_RISCV, "RISC-V"},  {EM_PPC, "PowerPC"},   {EM_PPC64, "PowerPC"}, {EM_S390, "s390"},
        {EM_MIPS, "MIPS"},     {EM_LOONGARCH, "LoongArch"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].machine == machine)
            return names[i].name;
    return "another architecture";
}

/* The machine stands at the same place in every class, in the file's own byte order. */
static unsigned file_machine(const struct subject *subject)
{
    const unsigned char *bytes = (const unsigned char *)subject->head + offsetof(Elf64_Ehdr, e_machine);
    return subject->head[EI_DATA] == ELFDATA2MSB ? bytes[0] * 256u + bytes[1] : bytes[1] * 256u + bytes[0];
}

/* The PT_INTERP string: 1 found, 0 none, -1 damaged. */
static int read_linker(const struct subject *subject, const Elf64_Ehdr *header, char linker[PATH_MAX])
{
    Elf64_Phdr program;
    if (header->e_phentsize != sizeof(program) || header->e_phnum == 0 || header->e_phnum > HEADERS_MOST)
        return -1;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (header->e_phoff > INT64_MAX - HEADERS_MOST * sizeof(program) ||
            pread(subject->fd, &program, sizeof(program), (off_t)(header->e_phoff + i * sizeof(program))) !=
                (ssize_t)sizeof(program))
            return -1;
        if (program.p_type != PT_INTERP)
            continue;
        if (program.p_filesz < 2 || program.p_filesz > PATH_MAX || program.p_offset > INT64_MAX ||
            pread(subject->fd, linker, program.p_filesz, (off_t)program.p_offset) != (ssize_t)program.p_filesz)
            return -1;
        return linker[program.p_filesz - 1] == '\0' ? 1 : -1;
    }
    return 0;
}

/* The dynamic linker called by name, `ld.so ./app`, has no PT_INTERP and obeys LD_PRELOAD. */
static bool is_native_linker(const struct subject *subject)
{
    struct stat file, linker;
    return fstat(subject->fd, &file) == 0 && stat(NATIVE_LINKER, &linker) == 0 && file.st_ino == linker.st_ino &&
           file.st_dev == linker.st_dev;
}

/* ld-linux-x86-64.so.2 wherever it lies, and the ld-2.31.so of old that it links to. */
static bool is_glibc_linker(const char *linker)
{
    const char *name = path_last(linker);
    return strncmp(name, "ld-linux", 8) == 0 || strncmp(name, "ld-2.", 5) == 0;
}

static void judge_linker(struct traceable *answer, const struct subject *subject, const char *linker)
{
    static const char dynamic[] = "trace a build of it for glibc";
    const char *secure;
    if (strncmp(path_last(linker), "ld-musl", 7) == 0) {
        conclude(answer, TRACEABLE_NOT, "build a library for it with make musl",
                 "%s is linked to musl (%s), and libfdtrace.so needs glibc", subject->who, linker);
        answer->brief = "it is linked to musl";
        answer->musl = secure_execution(subject) == NULL;
    } else if (!is_glibc_linker(linker))
        conclude(answer, TRACEABLE_NOT, dynamic, "%s is started by %s, and libfdtrace.so needs glibc's dynamic linker",
                 subject->who, linker);
    else if (access(linker, F_OK) < 0)
        conclude(answer, TRACEABLE_MISSING, "install it", "the dynamic linker %s asks for, %s, does not exist",
                 subject->who, linker);
    else if ((secure = secure_execution(subject)) != NULL)
        conclude(answer, TRACEABLE_NOT, "trace a copy without that right, or run fdtrace as the user it becomes",
                 "%s %s, and the dynamic linker then ignores LD_PRELOAD", subject->who, secure);
}

static void headers_damaged(struct traceable *answer, const struct subject *subject)
{
    conclude(answer, TRACEABLE_NO_EXECUTABLE, NULL, "%s has damaged ELF headers", subject->who);
}

static void judge_elf(struct traceable *answer, const struct subject *subject)
{
    Elf64_Ehdr header;
    char linker[PATH_MAX];
    int has_linker;
    memcpy(&header, subject->head, sizeof(header)); /* HEAD_SIZE is more, and zero behind a short file's end */
    if (subject->head_length < sizeof(Elf32_Ehdr)) {
        headers_damaged(answer, subject);
    } else if (header.e_ident[EI_CLASS] == ELFCLASS32) {
        conclude(answer, TRACEABLE_NOT, "trace a 64-bit build of it",
                 "%s is a 32-bit program (%s), and libfdtrace.so is 64-bit", subject->who,
                 machine_name(file_machine(subject)));
        answer->brief = "it is a 32-bit program";
    } else if (file_machine(subject) != NATIVE_MACHINE || header.e_ident[EI_DATA] != ELFDATA2LSB) {
        conclude(answer, TRACEABLE_NOT, "trace it on such a machine", "%s is built for %s, and libfdtrace.so for %s",
                 subject->who, machine_name(file_machine(subject)), machine_name(NATIVE_MACHINE));
        answer->brief = "it is built for another machine";
    } else if (header.e_type != ET_EXEC && header.e_type != ET_DYN) {
        conclude(answer, TRACEABLE_NO_EXECUTABLE, NULL, "%s is an ELF file, but no program", subject->who);
    } else if ((has_linker = read_linker(subject, &header, linker)) < 0) {
        headers_damaged(answer, subject);
    } else if (has_linker > 0) {
        judge_linker(answer, subject, linker);
    } else if (!is_native_linker(subject)) {
        conclude(answer, TRACEABLE_NOT, "trace a dynamically linked build of it",
                 "%s is statically linked, so no library can be loaded into it", subject->who);
        answer->brief = "it is statically linked";
    }
}

/* --- scripts --- */

/* "#! interpreter argument": both are cut out of the head. False: the kernel would not take it for a script. */
static bool read_hashbang(struct subject *subject, const char **interpreter, char **argument)
{
    char *line = subject->head + 2 + strspn(subject->head + 2, " \t");
    char *end = strchr(line, '\n'), *name_end = line + strcspn(line, " \t\n");
    /* A name that may go on beyond what was read is none. */
    if (name_end == line || (end == NULL && *name_end == '\0' && subject->head_length == HEAD_SIZE))
        return false;
    if (end == NULL)
        end = line + strlen(line);
    while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *end = '\0';
    *argument = name_end < end ? name_end + strspn(name_end, " \t") : end;
    *name_end = '\0';
    *interpreter = line;
    return true;
}

/*
 * The program that env(1) will look for: `env prog`, or of `env -S prog args` and kin the first word that is neither an
 * option nor a variable. NULL when there is none.
 */
static const char *env_program(char *argument)
{
    char *state;
    if (*argument != '-')
        return *argument != '\0' && strchr(argument, '=') == NULL ? argument : NULL; /* one word, blanks and all */
    for (char *word = strtok_r(argument, " \t", &state); word != NULL; word = strtok_r(NULL, " \t", &state)) {
        static const char split[] = "--split-string=";
        if (strncmp(word, split, sizeof(split) - 1) == 0)
            word += sizeof(split) - 1;
        else if (word[0] == '-' && word[1] != '-' && strchr(word, 'S') != NULL)
            word = strchr(word, 'S') + 1;
        if (strcmp(word, "-u") == 0 || strcmp(word, "-C") == 0)
            strtok_r(NULL, " \t", &state); /* takes a word */
        else if (*word != '\0' && *word != '-' && strchr(word, '=') == NULL)
            return word;
    }
    return NULL;
}

static bool open_subject(struct subject *subject)
{
    subject->fd = open(subject->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (subject->fd < 0)
        return false;
    ssize_t length = pread(subject->fd, subject->head, HEAD_SIZE, 0);
    subject->head_length = length > 0 ? (size_t)length : 0;
    memset(subject->head + subject->head_length, 0, sizeof(subject->head) - subject->head_length);
    return true;
}

static void examine_files(struct traceable *answer, struct subject *subject);

/* env looks for its program itself; both must be traceable. False: the answer is there. */
static bool hop_through_env(struct traceable *answer, struct subject *subject, char *argument)
{
    const char *program = env_program(argument);
    if (program == NULL)
        return true; /* what env makes of that is its own affair */
    struct subject env = *subject;
    examine_files(answer, &env);
    if (answer->verdict != TRACEABLE)
        return false;
    int code = find_command(program, subject->path);
    snprintf(subject->who, sizeof(subject->who), "its interpreter %s", code != 0 ? program : subject->path);
    if (code == ENOENT && strchr(program, '/') == NULL)
        conclude(answer, TRACEABLE_MISSING, NULL, "no folder of PATH has %s", subject->who);
    else if (code != 0)
        cannot_execute(answer, code, subject->who, subject->path);
    return code == 0;
}

/* On to the interpreter. False: the answer is there. */
static bool hop(struct traceable *answer, struct subject *subject, unsigned *hops)
{
    const char *interpreter;
    char *argument, none[] = "";
    bool script = strncmp(subject->head, "#!", 2) == 0 && read_hashbang(subject, &interpreter, &argument);
    if (!script) { /* ENOEXEC: execvp has the shell read what it was given */
        answer->by_shell = true;
        interpreter = _PATH_BSHELL;
        argument = none;
    }
    if (++*hops > HOPS_MOST) {
        conclude(answer, TRACEABLE_NO_EXECUTABLE, NULL, "its #! lines lead through more than %d interpreters",
                 HOPS_MOST);
        return false;
    }
    snprintf(subject->path, sizeof(subject->path), "%s", interpreter);
    snprintf(subject->who, sizeof(subject->who), "its interpreter %s", subject->path);
    int code = can_execute(subject->path);
    if (code != 0) {
        cannot_execute(answer, code, subject->who, subject->path);
        return false;
    }
    if (strcmp(path_last(subject->path), "env") != 0 || *argument == '\0')
        return true;
    *hops = 0;
    return hop_through_env(answer, subject, argument);
}

static void examine_files(struct traceable *answer, struct subject *subject)
{
    unsigned hops = 0;
    for (unsigned files = 0; files < FILES_MOST; files++) {
        if (!open_subject(subject)) /* may be executed but not read: nothing speaks against it */
            return;
        bool elf = memcmp(subject->head, ELFMAG, SELFMAG) == 0;
        if (elf)
            judge_elf(answer, subject);
        close(subject->fd);
        if (elf || !hop(answer, subject, &hops))
            return;
    }
    conclude(answer, TRACEABLE_NO_EXECUTABLE, NULL, "its #! lines lead in circles");
}

void traceable_examine(struct traceable *answer, const char *command)
{
    struct subject subject = {.who = "it", .fd = -1};
    *answer = (struct traceable){.verdict = TRACEABLE};
    int code = find_command(command, answer->path);
    if (code == ENOENT) {
        command_missing(answer, command);
    } else if (code != 0) {
        cannot_execute(answer, code, subject.who, answer->path);
    } else {
        strcpy(subject.path, answer->path);
        examine_files(answer, &subject);
    }
}
