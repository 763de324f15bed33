/* folder.c: files of 0600, folders of 0700. */
#include "runtime/store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(struct peri_error *err, const char *what, const char *path)
{
    peri_error_errno(err, errno, "cannot %s %s", what, path);
    err->code = PERI_E_STORE_IO;
    return peri_error_hint(err, "name a place where the user who runs this may write");
}

/* Makes the folders that path goes through, which it cuts and mends in place. */
static bool make_folders(char *path, struct peri_error *err)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool is_there = mkdir(path, 0700) == 0 || errno == EEXIST || errno == EROFS;
        if (!is_there && access(path, F_OK) != 0)
            return fail(err, "make the folder", path);
        *slash = '/';
    }
    return true;
}

/* A descriptor of a file that is there is never closed here: that would end SQLite's locks. */
static int make_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd < 0 ? -1 : close(fd);
}

bool peri_folder_make_file(const char *path, struct peri_error *err)
{
    if (access(path, F_OK) == 0)
        return true;
    char *copy = peri_strdup(path);
    bool ok = make_folders(copy, err);
    peri_free(copy);
    if (!ok)
        return false;
    return make_file(path) == 0 || errno == EEXIST || fail(err, "make the store", path);
}

bool peri_folder_new_file(const char *path, struct peri_error *err)
{
    return make_file(path) == 0 || fail(err, "make", path);
}

static bool sync_one(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

bool peri_folder_sync(const char *path, struct peri_error *err)
{
    char *folder = peri_strdup(path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        slash[slash == folder] = '\0';
    bool ok = sync_one(path, O_RDONLY) && sync_one(slash == NULL ? "." : folder, O_RDONLY);
    if (!ok)
        fail(err, "sync", path);
    peri_free(folder);
    return ok;
}
