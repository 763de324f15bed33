/* screen.c: terminals. Widths of characters come from libc, in a locale of our own, so that
 * neither the user's locale nor the process's changes them. */
#define _XOPEN_SOURCE 700 /* wcwidth */
#include "runtime/term/screen.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

struct peri_screen {
    locale_t utf8; /* 0 if the system lacks it: then a byte is a column */
};

struct peri_screen *peri_screen_new(void)
{
    struct peri_screen *screen = peri_alloc(sizeof(*screen));
    screen->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    return screen;
}

void peri_screen_free(struct peri_screen *screen)
{
    if (screen == NULL)
        return;
    if (screen->utf8 != (locale_t)0)
        freelocale(screen->utf8);
    peri_free(screen);
}

/* The bytes of a sequence for colours and the like (ESC [ … letter) at text; 0 if there is none. */
static size_t sequence(const char *text, size_t len)
{
    if (len < 3 || text[0] != '\033' || text[1] != '[')
        return 0;
    for (size_t i = 2; i < len; i++)
        if (text[i] >= '@' && text[i] <= '~')
            return i + 1;
    return 0;
}

/* Adds the columns of the character at text to width; returns its bytes. */
static size_t character(const char *text, size_t len, size_t *width)
{
    wchar_t c;
    mbstate_t state = {0};
    size_t used = mbrtowc(&c, text, len, &state);
    if (used == (size_t)-1 || used == (size_t)-2) {
        (*width)++;
        return 1;
    }
    int columns = wcwidth(c);
    *width += columns > 0 ? (size_t)columns : 0;
    return used == 0 ? 1 : used; /* 0 is a NUL */
}

size_t peri_screen_text_width(const struct peri_screen *screen, const char *text, size_t len)
{
    size_t width = 0;
    locale_t before = uselocale(screen->utf8);
    while (len > 0) {
        size_t used = sequence(text, len);
        if (used == 0)
            used = character(text, len, &width);
        text += used;
        len -= used;
    }
    uselocale(before);
    return width;
}

bool peri_screen_is_terminal(int fd)
{
    return isatty(fd) == 1;
}

int peri_screen_width(void)
{
    struct winsize size;
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
        if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
            return size.ws_col;
    return 0;
}

bool peri_screen_write(int fd, const char *bytes, size_t len, struct peri_error *err)
{
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);
        if (written >= 0) {
            bytes += written;
            len -= (size_t)written;
        } else if (errno == EAGAIN) { /* somebody who shares the terminal made it so */
            struct pollfd wanted = {.fd = fd, .events = POLLOUT};
            poll(&wanted, 1, -1);
        } else if (errno != EINTR) {
            return peri_error_errno(err, errno, "cannot write to descriptor %d", fd);
        }
    }
    return true;
}
