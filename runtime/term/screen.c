/* screen.c: terminals, as the system knows them. */
#define _XOPEN_SOURCE 700 /* wcwidth */
#include "runtime/term/screen.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

bool peri_screen_is_terminal(int fd)
{
    return isatty(fd) == 1;
}

unsigned peri_screen_columns(void)
{
    static const int order[] = {STDERR_FILENO, STDOUT_FILENO, STDIN_FILENO};
    for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
        struct winsize size;
        if (ioctl(order[i], TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
            return size.ws_col;
    }
    return 0;
}

/* Decodes the character at the start of text, which is not empty; returns how many bytes it has,
 * or 0 if there is none. */
static size_t decode(struct peri_str text, uint32_t *rune)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)text.data;
    size_t len = bytes[0] < 0x80 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
    if ((bytes[0] & 0xc0) == 0x80 || bytes[0] > 0xf4 || len > text.len)
        return 0;
    *rune = len == 1 ? bytes[0] : bytes[0] & (0xffU >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        *rune = *rune << 6 | (bytes[i] & 0x3fU);
    }
    return *rune >= least[len] && *rune <= 0x10ffff ? len : 0;
}

/* The system's table of characters, which it ties to a locale; made once and kept. */
static locale_t unicode(void)
{
    static locale_t made;
    if (made == (locale_t)0)
        made = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    return made;
}

size_t peri_screen_text_width(struct peri_str text)
{
    locale_t table = unicode();
    locale_t before = table != (locale_t)0 ? uselocale(table) : (locale_t)0;
    size_t columns = 0;
    while (text.len > 0) {
        uint32_t rune = 0;
        size_t len = decode(text, &rune);
        int width = len == 0 || table == (locale_t)0 ? 1 : wcwidth((wchar_t)rune);
        columns += width > 0 ? (size_t)width : 0;
        text.data += len == 0 ? 1 : len;
        text.len -= len == 0 ? 1 : len;
    }
    if (before != (locale_t)0)
        uselocale(before);
    return columns;
}

/* Waits until a descriptor that does not block takes bytes again. */
static void await_writable(int fd)
{
    struct pollfd wanted = {.fd = fd, .events = POLLOUT};
    poll(&wanted, 1, -1);
}

bool peri_screen_write(int fd, struct peri_str bytes, struct peri_error *err)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.data, bytes.len);
        if (n >= 0) {
            bytes.data += n;
            bytes.len -= (size_t)n;
        } else if (errno == EAGAIN) {
            await_writable(fd);
        } else if (errno != EINTR) {
            return peri_error_errno(err, errno, "cannot write to descriptor %d", fd);
        }
    }
    return true;
}

bool peri_screen_is_ready(int fd)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    return poll(&wanted, 1, 0) > 0;
}
