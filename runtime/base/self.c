/* self.c: processes, by /proc, prctl and setrlimit. */
#include "runtime/base/self.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    START_FIELD = 20, /* of those behind the name, from 1 */
    CPU_GRACE_S = 5,
    DECIMAL = 10,
};

/* The field of /proc/PID/stat: the name before it is in brackets and may hold anything. */
static bool copy_start(const char *stat, char start[PERI_SELF_START_SIZE])
{
    const char *at = strrchr(stat, ')');
    if (at != NULL && (strncmp(at, ") Z", 3) == 0 || strncmp(at, ") X", 3) == 0))
        return false; /* it has ended, and nobody has asked how */
    for (int i = 0; at != NULL && i < START_FIELD; i++)
        at = strchr(at + 1, ' ');
    if (at == NULL)
        return false;
    size_t len = strspn(at + 1, "0123456789");
    if (len == 0 || len >= PERI_SELF_START_SIZE)
        return false;
    memcpy(start, at + 1, len);
    start[len] = '\0';
    return true;
}

bool peri_self_start(int pid, char start[PERI_SELF_START_SIZE])
{
    char path[64];
    char stat[1024];
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    size_t n = fread(stat, 1, sizeof(stat) - 1, file);
    fclose(file);
    stat[n] = '\0';
    return copy_start(stat, start);
}

bool peri_self_program(char *path, size_t size, struct peri_error *err)
{
    ssize_t n = readlink("/proc/self/exe", path, size - 1);
    if (n < 0 || (size_t)n >= size - 1)
        return peri_error_errno(err, n < 0 ? errno : ENAMETOOLONG,
                                "cannot find out which program this is");
    path[n] = '\0';
    return true;
}

static bool set_limit(int what, uint64_t soft, uint64_t hard, struct peri_error *err)
{
    struct rlimit limit = {(rlim_t)soft, (rlim_t)hard};
    if (setrlimit((__rlimit_resource_t)what, &limit) == 0)
        return true;
    return peri_error_errno(err, errno, "cannot limit this process");
}

/* A sanitizer reserves terabytes, which count as data. */
static bool limit_memory(uint64_t bytes, struct peri_error *err)
{
#ifdef __SANITIZE_ADDRESS__
    (void)bytes;
    (void)err;
    return true;
#else
    return set_limit(RLIMIT_DATA, bytes, bytes, err);
#endif
}

bool peri_self_limit(const struct peri_self_limits *limits, struct peri_error *err)
{
    return (limits->memory == 0 || limit_memory(limits->memory, err)) &&
           (limits->cpu == 0 ||
            set_limit(RLIMIT_CPU, limits->cpu, limits->cpu + CPU_GRACE_S, err)) &&
           (!limits->is_dumpless || set_limit(RLIMIT_CORE, 0, 0, err));
}

/* Who holds the file says so in it. */
static int read_holder(int fd)
{
    char text[16] = "";
    int pid = 0;
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
    for (ssize_t i = 0; i < n && text[i] >= '0' && text[i] <= '9' && pid < INT_MAX / DECIMAL; i++)
        pid = pid * DECIMAL + (text[i] - '0');
    return pid;
}

bool peri_self_hold(const char *path, int *holder, struct peri_error *err)
{
    char text[32];
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    *holder = 0;
    if (fd < 0)
        return peri_error_errno(err, errno, "cannot make %s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        *holder = read_holder(fd);
        close(fd);
        return peri_error_set(err, PERI_E_STORE_BUSY, "another process holds %s", path);
    }
    int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
    bool is_written = ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) == n;
    return is_written || peri_error_errno(err, errno, "cannot write %s", path); /* fd stays open */
}

bool peri_self_end_with(int parent, struct peri_error *err)
{
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
        return peri_error_errno(err, errno, "cannot be told of the parent's end");
    if (getppid() == parent)
        return true;
    return peri_error_set(err, PERI_E_IO, "the process that started this one has ended");
}
