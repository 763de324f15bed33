/* plain.c: lines without any editing of ours. Ctrl-C ends a line as Enter does, and is its last
 * byte: so it reaches the thread that reads, and not the process. */
#include "runtime/term/plain.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "runtime/base/limits.h"
#include "runtime/term/screen.h"
#include "runtime/term/tty.h"

enum { CTRL_C = 3 };

static void put(const char *bytes, size_t len)
{
    struct peri_error err; /* a terminal that is gone is seen when it is read */
    (void)!peri_screen_write(STDOUT_FILENO, bytes, len, &err);
}

/* Prints what waits. Returns whether the line is to be given up. */
static bool serve(struct peri_desk *desk, const char *prompt)
{
    size_t len;
    peri_desk_hear(desk->wake);
    pthread_mutex_lock(&desk->lock);
    bool is_stopped = desk->is_stopped;
    char *above = peri_buf_take(&desk->above, &len);
    pthread_mutex_unlock(&desk->lock);
    if (above != NULL) {
        put("\n", 1);
        put(above, len);
        if (!is_stopped)
            put(prompt, strlen(prompt));
        peri_free(above);
    }
    return is_stopped;
}

/* What a line is by its last byte, which is taken away. */
static enum peri_editor_kind judge(struct peri_buf *line)
{
    char last = line->len == 0 ? '\0' : line->data[line->len - 1];
    if (last == CTRL_C) {
        put("\n", 1);
        return PERI_EDITOR_INTERRUPT;
    }
    if (last != '\n')
        return PERI_EDITOR_NONE;
    line->data[--line->len] = '\0';
    return PERI_EDITOR_LINE;
}

static enum peri_editor_kind read_on(struct peri_buf *line)
{
    char chunk[4096];
    ssize_t count = read(STDIN_FILENO, chunk, sizeof(chunk));
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return PERI_EDITOR_NONE;
    if (count <= 0) {
        put("\n", 1);
        return PERI_EDITOR_END;
    }
    if (!peri_buf_add(line, chunk, (size_t)count, NULL))
        return PERI_EDITOR_INTERRUPT;
    return judge(line);
}

static enum peri_editor_kind read_line(struct peri_desk *desk, const char *prompt,
                                       struct peri_buf *line)
{
    enum peri_editor_kind kind = PERI_EDITOR_NONE;
    while (kind == PERI_EDITOR_NONE) {
        struct pollfd wanted[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                  {.fd = desk->wake[0], .events = POLLIN}};
        if (poll(wanted, 2, -1) < 0)
            continue;
        if (wanted[1].revents != 0 && serve(desk, prompt))
            kind = PERI_EDITOR_STOPPED;
        else if (wanted[0].revents != 0)
            kind = read_on(line);
    }
    return kind;
}

enum peri_editor_kind peri_plain_line(struct peri_desk *desk, const char *prompt, char **text,
                                      size_t *len)
{
    struct termios settings;
    struct peri_buf line;
    peri_buf_init(&line, PERI_LIMIT_LINE);
    peri_tty_enter(desk->wake);
    if (tcgetattr(STDIN_FILENO, &settings) == 0) {
        settings.c_lflag &= ~(tcflag_t)ISIG;
        settings.c_cc[VEOL] = CTRL_C;
        tcsetattr(STDIN_FILENO, TCSADRAIN, &settings);
    }
    put(prompt, strlen(prompt));
    enum peri_editor_kind kind = read_line(desk, prompt, &line);
    peri_tty_leave();
    *text = kind == PERI_EDITOR_LINE ? peri_buf_take(&line, len) : NULL;
    peri_buf_deinit(&line);
    return kind;
}
