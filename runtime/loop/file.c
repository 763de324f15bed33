/* file.c: files on libuv's threads. An operation that is under way cannot be taken back: the
 * struct, and the buffer that a thread may be working on, live until it has ended. The loop counts
 * them and does not end before. */
#include "runtime/loop/file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/check.h"
#include "runtime/base/limits.h"
#include "runtime/loop/handle.h"

struct peri_file {
    uv_fs_t uv; /* its data is this struct */
    struct peri_loop *loop;
    peri_file_cb cb;
    void *arg;
    int fd;       /* -1: not open */
    char *buffer; /* of PERI_FILE_PIECE bytes; NULL before it is used */
    ssize_t result;
    struct peri_file_facts facts;
    struct peri_buf found; /* names in a folder */
    bool is_busy;
    bool is_closing; /* the operation under way is one that closes */
    bool is_freed;   /* by its owner */
};

static const int modes[] = {
    [PERI_FILE_READ] = O_RDONLY,
    [PERI_FILE_MAKE] = O_RDWR | O_CREAT | O_TRUNC,
    [PERI_FILE_UPDATE] = O_RDWR | O_CREAT,
    [PERI_FILE_NEW] = O_RDWR | O_CREAT | O_EXCL,
};

struct peri_file *peri_file_new(struct peri_loop *loop, peri_file_cb cb, void *arg)
{
    struct peri_file *file = peri_alloc(sizeof(*file));
    file->loop = loop;
    file->cb = cb;
    file->arg = arg;
    peri_buf_init(&file->found, PERI_LIMIT_FOLDER);
    file->fd = -1;
    return file;
}

static void destroy(struct peri_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    peri_free(file->buffer);
    peri_buf_deinit(&file->found);
    peri_free(file);
}

void peri_file_free(struct peri_file *file)
{
    if (file == NULL)
        return;
    file->is_freed = true;
    if (!file->is_busy)
        destroy(file);
}

static void keep_facts(struct peri_file *file, const uv_stat_t *found)
{
    file->facts = (struct peri_file_facts){
        .size = found->st_size,
        .mtime = (int64_t)found->st_mtim.tv_sec * 1000000 + found->st_mtim.tv_nsec / 1000,
        .is_folder = S_ISDIR(found->st_mode),
    };
}

/* Appends a name with its slash and NUL; false when there is no more room. */
static bool keep_name(struct peri_buf *found, const uv_dirent_t *entry)
{
    struct peri_error err;
    bool is_folder = entry->type == UV_DIRENT_DIR;
    size_t len = strlen(entry->name);
    char *at = peri_buf_extend(found, len + is_folder + 1, &err);
    if (at == NULL)
        return false;
    memcpy(at, entry->name, len);
    if (is_folder)
        at[len] = '/';
    at[len + is_folder] = '\0';
    return true;
}

static void keep_names(struct peri_file *file, uv_fs_t *uv)
{
    uv_dirent_t entry;
    peri_buf_clear(&file->found);
    while (uv_fs_scandir_next(uv, &entry) == 0 && keep_name(&file->found, &entry))
        continue;
}

static void on_end(uv_fs_t *uv)
{
    struct peri_file *file = uv->data;
    file->result = uv->result;
    if (uv->fs_type == UV_FS_OPEN && uv->result >= 0)
        file->fd = (int)uv->result;
    if (uv->fs_type == UV_FS_STAT && uv->result >= 0)
        keep_facts(file, &uv->statbuf);
    if (uv->fs_type == UV_FS_SCANDIR && uv->result >= 0)
        keep_names(file, uv);
    if (file->is_closing)
        file->fd = -1;
    file->is_busy = file->is_closing = false;
    file->loop->threaded--;
    uv_fs_req_cleanup(uv);
    if (file->is_freed)
        destroy(file);
    else
        file->cb(file->arg);
}

/* Marks an operation as begun and returns what libuv wants for it. */
static uv_fs_t *begin(struct peri_file *file)
{
    peri_assert(!file->is_busy);
    file->is_busy = true;
    file->loop->threaded++;
    file->uv.data = file;
    return &file->uv;
}

/* libuv refuses only arguments that it cannot use, which none of ours are. */
static void began(int status)
{
    peri_assert(status == 0);
}

void peri_file_open(struct peri_file *file, const char *path, enum peri_file_mode mode)
{
    peri_assert(file->fd < 0);
    began(uv_fs_open(&file->loop->uv, begin(file), path, modes[mode] | O_CLOEXEC, 0666, on_end));
}

void peri_file_stat(struct peri_file *file, const char *path)
{
    began(uv_fs_stat(&file->loop->uv, begin(file), path, on_end));
}

void peri_file_rename(struct peri_file *file, const char *path, const char *to)
{
    began(uv_fs_rename(&file->loop->uv, begin(file), path, to, on_end));
}

void peri_file_remove(struct peri_file *file, const char *path)
{
    began(uv_fs_unlink(&file->loop->uv, begin(file), path, on_end));
}

void peri_file_mkdir(struct peri_file *file, const char *path)
{
    began(uv_fs_mkdir(&file->loop->uv, begin(file), path, 0777, on_end));
}

void peri_file_names(struct peri_file *file, const char *path)
{
    began(uv_fs_scandir(&file->loop->uv, begin(file), path, 0, on_end));
}

static uv_buf_t buffer_of(struct peri_file *file, size_t n)
{
    peri_assert(file->fd >= 0 && n <= PERI_FILE_PIECE);
    if (file->buffer == NULL)
        file->buffer = peri_alloc(PERI_FILE_PIECE);
    return uv_buf_init(file->buffer, (unsigned)n);
}

void peri_file_read(struct peri_file *file, uint64_t at, size_t n)
{
    uv_buf_t room = buffer_of(file, n);
    began(uv_fs_read(&file->loop->uv, begin(file), file->fd, &room, 1, (int64_t)at, on_end));
}

void peri_file_write(struct peri_file *file, uint64_t at, const char *bytes, size_t n)
{
    uv_buf_t copy = buffer_of(file, n < PERI_FILE_PIECE ? n : PERI_FILE_PIECE);
    memcpy(copy.base, bytes, copy.len);
    began(uv_fs_write(&file->loop->uv, begin(file), file->fd, &copy, 1, (int64_t)at, on_end));
}

void peri_file_sync(struct peri_file *file)
{
    began(uv_fs_fsync(&file->loop->uv, begin(file), file->fd, on_end));
}

void peri_file_truncate(struct peri_file *file, uint64_t size)
{
    began(uv_fs_ftruncate(&file->loop->uv, begin(file), file->fd, (int64_t)size, on_end));
}

void peri_file_close(struct peri_file *file)
{
    file->is_closing = true;
    began(uv_fs_close(&file->loop->uv, begin(file), file->fd, on_end));
}

bool peri_file_is_open(const struct peri_file *file)
{
    return file->fd >= 0;
}

bool peri_file_is_done(const struct peri_file *file, int *number)
{
    *number = file->result < 0 ? (int)-file->result : 0;
    return !file->is_busy;
}

struct peri_str peri_file_bytes(const struct peri_file *file)
{
    return (struct peri_str){file->buffer, peri_file_value(file)};
}

size_t peri_file_value(const struct peri_file *file)
{
    return file->result < 0 ? 0 : (size_t)file->result;
}

struct peri_str peri_file_found(const struct peri_file *file)
{
    return (struct peri_str){file->found.data, file->found.len};
}

struct peri_file_facts peri_file_facts(const struct peri_file *file)
{
    return file->facts;
}
