/*
 * RAII: descriptors closed while an exception flies, also through frames of qsort.
 * EXPECT: nothing
 */
#include <cstdlib>
#include <fcntl.h>
#include <stdexcept>
#include <unistd.h>

struct file {
    int fd;
    explicit file(const char *path) : fd(open(path, O_RDONLY | O_CLOEXEC)) {}
    ~file() { close(fd); }
};

static int compare(const void *, const void *)
{
    file held("/etc/passwd");
    throw std::runtime_error("cannot compare");
}

int main()
{
    int caught = 0;
    for (int i = 0; i < 20; i++) {
        try {
            file outer("/etc/group");
            int numbers[] = {2, 1};
            qsort(numbers, 2, sizeof(int), compare);
        } catch (const std::runtime_error &) {
            caught++;
        }
    }
    return caught != 20;
}
