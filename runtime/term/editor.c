/* editor.c: the thread that edits, and the loop's side of the desk. */
#include "runtime/term/editor.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/check.h"
#include "runtime/base/limits.h"
#include "runtime/term/desk.h"
#include "runtime/term/past.h"
#include "runtime/term/plain.h"
#include "runtime/term/screen.h"
#include "runtime/term/tty.h"
#include "runtime/term/typing.h"

struct peri_editor {
    struct peri_desk desk;
    pthread_t thread;
    char *terminal, *mode, *history; /* NULL where the options were; read by the thread at first */
    char *last;                      /* the newest text of the history */
};

/* ---- the thread ---- */

struct order { /* what the thread is to do next; its strings are its own */
    char *prompt, *first, *mode, *remembered;
    size_t remembered_len;
};

/* Waits for an order; false when the thread is to end. */
static bool await_order(struct peri_desk *desk, struct order *order)
{
    pthread_mutex_lock(&desk->lock);
    while (!desk->is_wanted && !desk->is_closing)
        pthread_cond_wait(&desk->changed, &desk->lock);
    bool is_closing = desk->is_closing;
    if (!is_closing) {
        desk->is_wanted = false;
        *order = (struct order){.prompt = desk->prompt, .first = desk->first, .mode = desk->mode};
        desk->prompt = desk->first = desk->mode = NULL;
        order->remembered = peri_buf_take(&desk->remembered, &order->remembered_len);
    }
    pthread_mutex_unlock(&desk->lock);
    return !is_closing;
}

static void drop(struct order *order)
{
    peri_free(order->prompt);
    peri_free(order->first);
    peri_free(order->mode);
    peri_free(order->remembered);
}

static void prepare(struct peri_typing *typing, const struct order *order)
{
    if (order->mode != NULL)
        peri_typing_mode(typing, order->mode);
    size_t len = order->remembered == NULL ? 0 : order->remembered_len;
    for (size_t at = 0; at < len; at += strlen(order->remembered + at) + 1)
        peri_typing_remember(typing, order->remembered + at);
}

/* Gives the terminal back with the event, after what was to be printed above the prompt. */
static void hand_over(struct peri_desk *desk, const struct peri_editor_event *event)
{
    struct peri_error err; /* a terminal that is gone is seen when it is read */
    pthread_mutex_lock(&desk->lock);
    if (desk->above.len > 0)
        (void)!peri_screen_write(STDOUT_FILENO, desk->above.data, desk->above.len, &err);
    peri_buf_clear(&desk->above);
    desk->is_busy = false;
    peri_desk_put(desk, event);
    pthread_cond_broadcast(&desk->changed);
    pthread_mutex_unlock(&desk->lock);
}

static void edit(struct peri_desk *desk, struct peri_typing *typing, const struct order *order)
{
    struct peri_editor_event event = {0};
    event.kind = typing != NULL ? peri_typing_line(typing, order->prompt, order->first, &event.text,
                                                   &event.len)
                                : peri_plain_line(desk, order->prompt, &event.text, &event.len);
    hand_over(desk, &event);
}

static void *run(void *arg)
{
    struct peri_editor *editor = arg;
    bool is_plain = editor->terminal == NULL;
    struct peri_typing *typing =
        is_plain ? NULL : peri_typing_new(&editor->desk, editor->terminal, editor->mode);
    struct order order;
    while (await_order(&editor->desk, &order)) {
        if (typing != NULL)
            prepare(typing, &order);
        edit(&editor->desk, typing, &order);
        drop(&order);
    }
    peri_typing_free(typing);
    return NULL;
}

/* Starts the thread with all signals blocked: handlers run in the loop's. */
static bool start(struct peri_editor *editor, struct peri_error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int status = pthread_create(&editor->thread, NULL, run, editor);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status == 0 || peri_error_errno(err, status, "cannot start a thread");
}

/* ---- the loop's side ---- */

static bool is_editable(const char *terminal)
{
    return terminal != NULL && *terminal != '\0' && strcmp(terminal, "dumb") != 0;
}

static void release(struct peri_editor *editor)
{
    peri_desk_deinit(&editor->desk);
    peri_free(editor->terminal);
    peri_free(editor->mode);
    peri_free(editor->history);
    peri_free(editor->last);
    peri_free(editor);
}

/* Notes the newest text of the history, which is not to be there twice in a row. */
static void note_last(struct peri_editor *editor)
{
    const struct peri_buf *past = &editor->desk.remembered;
    if (past->len == 0)
        return;
    size_t at = past->len - 1;
    while (at > 0 && past->data[at - 1] != '\0')
        at--;
    editor->last = peri_strdup(past->data + at);
}

struct peri_editor *peri_editor_new(const struct peri_editor_options *options,
                                    struct peri_error *err)
{
    struct peri_editor *editor = peri_alloc(sizeof(*editor));
    if (!peri_desk_init(&editor->desk, err)) {
        peri_free(editor);
        return NULL;
    }
    editor->terminal = is_editable(options->terminal) ? peri_strdup(options->terminal) : NULL;
    editor->mode = peri_strdup(options->mode);
    editor->history = peri_strdup(options->history);
    bool is_ready =
        (editor->terminal == NULL || peri_typing_load(err)) &&
        (editor->history == NULL || peri_past_load(editor->history, &editor->desk.remembered, err));
    if (!is_ready || !start(editor, err)) {
        release(editor);
        return NULL;
    }
    note_last(editor);
    return editor;
}

void peri_editor_free(struct peri_editor *editor)
{
    if (editor == NULL)
        return;
    peri_editor_stop(editor);
    pthread_mutex_lock(&editor->desk.lock);
    editor->desk.is_closing = true;
    pthread_cond_broadcast(&editor->desk.changed);
    pthread_mutex_unlock(&editor->desk.lock);
    pthread_join(editor->thread, NULL);
    release(editor);
}

void peri_editor_begin(struct peri_editor *editor, const char *prompt, const char *first)
{
    struct peri_desk *desk = &editor->desk;
    peri_editor_stop(editor);
    pthread_mutex_lock(&desk->lock);
    desk->prompt = peri_strdup(prompt);
    desk->first = peri_strdup(first);
    desk->is_wanted = desk->is_busy = true;
    desk->is_stopped = false;
    pthread_cond_broadcast(&desk->changed);
    pthread_mutex_unlock(&desk->lock);
}

bool peri_editor_is_busy(struct peri_editor *editor)
{
    struct peri_desk *desk = &editor->desk;
    pthread_mutex_lock(&desk->lock);
    bool is_busy = desk->is_busy || desk->event.kind != PERI_EDITOR_NONE;
    pthread_mutex_unlock(&desk->lock);
    return is_busy;
}

struct peri_editor_event peri_editor_take(struct peri_editor *editor)
{
    struct peri_desk *desk = &editor->desk;
    peri_desk_hear(desk->news);
    pthread_mutex_lock(&desk->lock);
    struct peri_editor_event event = desk->event;
    desk->event = (struct peri_editor_event){0};
    pthread_mutex_unlock(&desk->lock);
    return event;
}

int peri_editor_fd(const struct peri_editor *editor)
{
    return editor->desk.news[0];
}

void peri_editor_answer(struct peri_editor *editor, const struct peri_editor_answer *answer)
{
    struct peri_desk *desk = &editor->desk;
    struct peri_editor_answer *copy = peri_alloc(sizeof(*copy));
    copy->from = answer->from;
    copy->insert = peri_strdup(answer->insert);
    copy->list = peri_strdup(answer->list);
    pthread_mutex_lock(&desk->lock);
    peri_desk_drop(desk->answer);
    desk->answer = copy;
    pthread_mutex_unlock(&desk->lock);
    peri_desk_ring(desk->wake);
}

void peri_editor_stop(struct peri_editor *editor)
{
    struct peri_desk *desk = &editor->desk;
    pthread_mutex_lock(&desk->lock);
    desk->is_stopped = true;
    peri_desk_ring(desk->wake);
    while (desk->is_busy)
        pthread_cond_wait(&desk->changed, &desk->lock);
    pthread_mutex_unlock(&desk->lock);
    peri_free(peri_editor_take(editor).text);
}

bool peri_editor_print(struct peri_editor *editor, const char *text, size_t len,
                       struct peri_error *err)
{
    struct peri_desk *desk = &editor->desk;
    bool is_whole = len == 0 || text[len - 1] == '\n', is_done;
    pthread_mutex_lock(&desk->lock);
    if (desk->is_busy) {
        is_done = peri_buf_add(&desk->above, text, len, err) &&
                  (is_whole || peri_buf_puts(&desk->above, "\n", err));
        peri_desk_ring(desk->wake);
    } else {
        is_done = peri_screen_write(STDOUT_FILENO, text, len, err) &&
                  (is_whole || peri_screen_write(STDOUT_FILENO, "\n", 1, err));
    }
    pthread_mutex_unlock(&desk->lock);
    return is_done;
}

bool peri_editor_remember(struct peri_editor *editor, const char *text, struct peri_error *err)
{
    struct peri_desk *desk = &editor->desk;
    if (*text == '\0' || (editor->last != NULL && strcmp(editor->last, text) == 0))
        return true;
    peri_free(editor->last);
    editor->last = peri_strdup(text);
    pthread_mutex_lock(&desk->lock);
    bool is_kept = peri_buf_add(&desk->remembered, text, strlen(text) + 1, err);
    pthread_mutex_unlock(&desk->lock);
    return is_kept && (editor->history == NULL || peri_past_add(editor->history, text, err));
}

void peri_editor_mode(struct peri_editor *editor, const char *mode)
{
    pthread_mutex_lock(&editor->desk.lock);
    peri_free(editor->desk.mode);
    editor->desk.mode = peri_strdup(mode);
    pthread_mutex_unlock(&editor->desk.lock);
}
