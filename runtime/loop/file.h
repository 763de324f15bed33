/* file.h: files, read and written by libuv's threads, so that a slow disk holds nobody else up.
 *
 * One operation at a time is under way for each file; its callback says that it has ended. Paths
 * are copied. What is written is copied too, so that nobody has to keep it. */
#ifndef PERI_FILE_H
#define PERI_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

/* Bytes that one peri_file_read or peri_file_write moves at most. */
enum { PERI_FILE_PIECE = 256 * 1024 };

/* PERI_FILE_MAKE empties a file that is there; PERI_FILE_UPDATE keeps what is in it, and makes it
 * if need be, as does PERI_FILE_NEW, which fails if it is there. The last three also read. */
enum peri_file_mode { PERI_FILE_READ, PERI_FILE_MAKE, PERI_FILE_UPDATE, PERI_FILE_NEW };

struct peri_file;

/* What a file calls at the end of each operation. It only records or wakes. */
typedef void (*peri_file_cb)(void *arg);

/* Returns a file that is not open yet, freed with peri_file_free. arg is borrowed until then. */
struct peri_file *peri_file_new(struct peri_loop *loop, peri_file_cb cb, void *arg);

/* Frees the file, closing it; what is under way ends unseen, and the callback is not called again.
 * NULL is fine. */
void peri_file_free(struct peri_file *file);

/* Each of these starts an operation; none may be under way. */
void peri_file_open(struct peri_file *file, const char *path, enum peri_file_mode mode);
void peri_file_stat(struct peri_file *file, const char *path);
void peri_file_rename(struct peri_file *file, const char *path, const char *to);
void peri_file_remove(struct peri_file *file, const char *path);
void peri_file_mkdir(struct peri_file *file, const char *path);
void peri_file_names(struct peri_file *file, const char *path);

/* These want an open file, too. Reads up to n bytes, at most PERI_FILE_PIECE, from a place in the
 * file; peri_file_bytes has them. */
void peri_file_read(struct peri_file *file, uint64_t at, size_t n);

/* Writes up to PERI_FILE_PIECE of n bytes to a place in the file; peri_file_value tells how many.
 */
void peri_file_write(struct peri_file *file, uint64_t at, const char *bytes, size_t n);

/* Makes what was written survive a power cut; sets the size; closes. */
void peri_file_sync(struct peri_file *file);
void peri_file_truncate(struct peri_file *file, uint64_t size);
void peri_file_close(struct peri_file *file);

/* Whether the file was opened and not closed. */
bool peri_file_is_open(const struct peri_file *file);

/* Whether the operation that was started last has ended: false while it is under way. Otherwise
 * number is 0, or the errno value that says why it failed. */
bool peri_file_is_done(const struct peri_file *file, int *number);

/* What a read got; valid until the next operation. Empty at the end of the file. */
struct peri_str peri_file_bytes(const struct peri_file *file);

/* How many bytes were read or written. */
size_t peri_file_value(const struct peri_file *file);

struct peri_file_facts {
    uint64_t size; /* bytes */
    int64_t mtime; /* microseconds since 1970 */
    bool is_folder;
};

/* What peri_file_names found in a folder, in no order: texts one after another, each ended by a
 * NUL; those of folders end with a slash. Of the file until the next operation. */
struct peri_str peri_file_found(const struct peri_file *file);

/* What peri_file_stat found. */
struct peri_file_facts peri_file_facts(const struct peri_file *file);

#endif
