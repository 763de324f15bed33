/* typing.c: libedit. It reads by our function (next_key), so that the thread also hears the loop,
 * and what is no key of a person (a pasted text) comes to it as C1 controls, which no keyboard has.
 *
 * libedit reads keys in many places: in its main loop, in a search, behind vi's r. None can be told
 * from the others, so only two things ever happen there: a key is returned, or the end of input,
 * which leaves them all. Text above the prompt is printed by ourselves: layout.c knows where the
 * cursor is, and libedit draws its lines once more below. */
#include "runtime/term/typing.h"

#include <histedit.h>
#include <locale.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/check.h"
#include "runtime/base/library.h"
#include "runtime/base/limits.h"
#include "runtime/term/keys.h"
#include "runtime/term/layout.h"
#include "runtime/term/tty.h"
#include "runtime/term/wide.h"

/* What is used of libedit, which is loaded for the first editor: most commands have none. */
#define FUNCTIONS(F)                                                                               \
    F(el_deletestr)                                                                                \
    F(el_end)                                                                                      \
    F(el_get)                                                                                      \
    F(el_init)                                                                                     \
    F(el_resize)                                                                                   \
    F(el_set)                                                                                      \
    F(el_source)                                                                                   \
    F(el_wgets)                                                                                    \
    F(el_winsertstr)                                                                               \
    F(el_wline)                                                                                    \
    F(el_wset)                                                                                     \
    F(history_w)                                                                                   \
    F(history_wend)                                                                                \
    F(history_winit)

static struct {
#define F(name) __typeof__(name) *(name);
    FUNCTIONS(F)
#undef F
} own;

static const char *const names[] = {
#define F(name) #name,
    FUNCTIONS(F)
#undef F
};

enum {
    CTRL_C = 3,
    CTRL_D = 4,
    CTRL_Z = 26,
    PASTE = 0x80,   /* the C1 control bound to our function */
    MARK = 1,       /* around the sequences of a prompt */
    ESCAPE_MS = 25, /* in which the rest of a sequence comes */
};

struct peri_typing {
    EditLine *el;
    HistoryW *history;
    FILE *in, *out, *err; /* the terminal, as libedit wants it */
    struct peri_desk *desk;
    struct peri_keys keys;
    wchar_t *prompt;
    wchar_t *pasted; /* to be inserted at the next PASTE */
    enum peri_editor_kind ended;
    locale_t utf8, old;
};

static struct peri_typing *typing_of(EditLine *el)
{
    void *data = NULL;
    own.el_get(el, EL_CLIENTDATA, &data);
    return data;
}

/* ---- printing above ---- */

/* Where the cursor is in what is drawn, and unless end is NULL, where that ends. */
static struct peri_layout cursor_place(struct peri_typing *typing, struct peri_layout *end)
{
    const LineInfoW *line = own.el_wline(typing->el);
    struct peri_layout at = {0}, last;
    int rows;
    peri_tty_size(&at.columns, &rows);
    for (const wchar_t *c = typing->prompt; *c != L'\0'; c++)
        if (*c == MARK) /* a sequence that takes no room, up to the next */
            c = wcschr(c + 1, MARK);
        else
            peri_layout_add(&at, c, 1);
    peri_layout_add(&at, line->buffer, (size_t)(line->cursor - line->buffer));
    last = at;
    peri_layout_add(&last, line->cursor, (size_t)(line->lastchar - line->cursor));
    int hidden = last.row >= rows ? last.row - rows + 1 : 0; /* scrolled away */
    at.row = at.row > hidden ? at.row - hidden : 0;
    last.row -= hidden;
    if (end != NULL)
        *end = last;
    return at;
}

/* Takes what was drawn off the screen; the cursor is where the prompt began. */
static void wipe(struct peri_typing *typing)
{
    struct peri_layout at = cursor_place(typing, NULL);
    if (at.row > 0)
        fprintf(typing->out, "\033[%dA", at.row);
    fputs("\r\033[J", typing->out);
}

static void draw(struct peri_typing *typing)
{
    own.el_set(typing->el, EL_REFRESH);
    fflush(typing->out);
}

static void show_above(struct peri_typing *typing, const char *text, size_t len)
{
    if (text == NULL || len == 0)
        return;
    wipe(typing);
    fwrite(text, 1, len, typing->out);
    draw(typing);
}

static void follow_size(struct peri_typing *typing)
{
    static const char sizes[][3] = {"co", "li"};
    int now[2], known[2] = {0, 0};
    peri_tty_size(&now[0], &now[1]);
    for (int i = 0; i < 2; i++)
        own.el_get(typing->el, EL_GETTC, sizes[i], &known[i], (void *)NULL);
    if (now[0] == known[0] && now[1] == known[1])
        return;
    wipe(typing); /* where the terminal has put the rows by itself */
    own.el_resize(typing->el);
    draw(typing);
}

/* ---- waiting ---- */

/* Does what the loop's thread wants. */
static void serve(struct peri_typing *typing)
{
    struct peri_desk *desk = typing->desk;
    size_t len;
    peri_desk_hear(desk->wake);
    pthread_mutex_lock(&desk->lock);
    char *above = peri_buf_take(&desk->above, &len);
    if (desk->is_stopped)
        typing->ended = PERI_EDITOR_STOPPED;
    pthread_mutex_unlock(&desk->lock);
    follow_size(typing);
    show_above(typing, above, len);
    peri_free(above);
}

/* Waits for keys, which it reads, and for the loop's thread. Returns false when ms have passed. */
static bool wait_for_news(struct peri_typing *typing, int ms)
{
    struct pollfd wanted[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                              {.fd = typing->desk->wake[0], .events = POLLIN}};
    int count = poll(wanted, 2, ms);
    if (count <= 0)
        return count != 0;
    if (wanted[1].revents != 0)
        serve(typing);
    if (wanted[0].revents != 0)
        peri_keys_read(&typing->keys, STDIN_FILENO);
    if (typing->keys.has_ended)
        typing->ended = PERI_EDITOR_END;
    return true;
}

static void pause_process(struct peri_typing *typing)
{
    wipe(typing);
    fflush(typing->out);
    own.el_set(typing->el, EL_PREP_TERM, 0);
    peri_tty_pause();
    own.el_set(typing->el, EL_PREP_TERM, 1);
    fputs(PERI_KEYS_PASTE_ON, typing->out);
    own.el_resize(typing->el);
    draw(typing);
}

/* Whether a key goes on to libedit. */
static bool is_for_libedit(struct peri_typing *typing, wchar_t c)
{
    const LineInfoW *line = own.el_wline(typing->el);
    if (c == CTRL_C)
        typing->ended = PERI_EDITOR_INTERRUPT;
    else if (c == CTRL_D && line->buffer == line->lastchar)
        typing->ended = PERI_EDITOR_END;
    else if (c == CTRL_Z)
        pause_process(typing);
    else
        return true;
    return false;
}

static int next_key(EditLine *el, wchar_t *c)
{
    struct peri_typing *typing = typing_of(el);
    bool is_late = false;
    size_t count;
    if (typing->pasted != NULL) { /* the text to start from */
        *c = PASTE;
        return 1;
    }
    while (typing->ended == PERI_EDITOR_NONE) {
        switch (peri_keys_take(&typing->keys, is_late, c, &typing->pasted, &count)) {
        case PERI_KEYS_CHAR:
            if (is_for_libedit(typing, *c))
                return 1;
            break;
        case PERI_KEYS_PASTE:
            *c = PASTE;
            return 1;
        case PERI_KEYS_MAYBE:
            is_late = !wait_for_news(typing, ESCAPE_MS);
            break;
        case PERI_KEYS_NONE:
            wait_for_news(typing, -1);
            break;
        }
    }
    return 0;
}

/* ---- functions of keys ---- */

static unsigned char paste(EditLine *el, int c)
{
    struct peri_typing *typing = typing_of(el);
    (void)c;
    if (typing->pasted == NULL)
        return CC_NORM;
    bool is_inserted = own.el_winsertstr(el, typing->pasted) == 0;
    peri_free(typing->pasted);
    typing->pasted = NULL;
    return is_inserted ? CC_REFRESH : CC_REFRESH_BEEP;
}

static struct peri_editor_answer *take_answer(struct peri_desk *desk)
{
    pthread_mutex_lock(&desk->lock);
    struct peri_editor_answer *answer = desk->answer;
    desk->answer = NULL;
    pthread_mutex_unlock(&desk->lock);
    return answer;
}

/* Waits until the loop's thread has answered; NULL if the line has ended before. */
static struct peri_editor_answer *await_answer(struct peri_typing *typing)
{
    struct peri_editor_answer *answer;
    while ((answer = take_answer(typing->desk)) == NULL && typing->ended == PERI_EDITOR_NONE) {
        wait_for_news(typing, -1);
        if (peri_keys_skip_to(&typing->keys, CTRL_C))
            typing->ended = PERI_EDITOR_INTERRUPT;
    }
    return answer;
}

/* The cursor's place in the line's UTF-8. */
static size_t cursor_of(const LineInfoW *line)
{
    size_t len;
    peri_free(peri_wide_utf8(line->buffer, (size_t)(line->cursor - line->buffer), &len));
    return len;
}

static unsigned char apply(struct peri_typing *typing, const struct peri_editor_answer *answer)
{
    EditLine *el = typing->el;
    size_t count;
    if (answer->list != NULL)
        show_above(typing, answer->list, strlen(answer->list));
    if (answer->insert == NULL)
        return answer->list != NULL ? CC_NORM : CC_REFRESH_BEEP;
    while (own.el_wline(el)->cursor > own.el_wline(el)->buffer &&
           cursor_of(own.el_wline(el)) > answer->from)
        own.el_deletestr(el, 1);
    wchar_t *insert = peri_wide_of(answer->insert, strlen(answer->insert), &count);
    bool is_inserted = count == 0 || own.el_winsertstr(el, insert) == 0;
    peri_free(insert);
    return is_inserted ? CC_REFRESH : CC_REFRESH_BEEP;
}

/* Tells the loop's thread what stands in the line; an answer to an earlier question is dropped. */
static void ask(struct peri_typing *typing)
{
    struct peri_desk *desk = typing->desk;
    const LineInfoW *line = own.el_wline(typing->el);
    struct peri_editor_event event = {.kind = PERI_EDITOR_COMPLETE, .cursor = cursor_of(line)};
    event.text = peri_wide_utf8(line->buffer, (size_t)(line->lastchar - line->buffer), &event.len);
    pthread_mutex_lock(&desk->lock);
    peri_desk_drop(desk->answer);
    desk->answer = NULL;
    peri_desk_put(desk, &event);
    pthread_mutex_unlock(&desk->lock);
}

static unsigned char complete(EditLine *el, int c)
{
    struct peri_typing *typing = typing_of(el);
    (void)c;
    ask(typing);
    struct peri_editor_answer *answer = await_answer(typing);
    unsigned char result = answer == NULL ? CC_NORM : apply(typing, answer);
    peri_desk_drop(answer);
    return result;
}

static wchar_t *prompt_of(EditLine *el)
{
    return typing_of(el)->prompt;
}

/* ---- making ---- */

/* Keys that libedit leaves alone, in its own language. -a: in vi's command mode too. */
static void bind_keys(EditLine *el)
{
    static const char *const keys[][4] = {
        {"^I", "peri-complete"},       {"\\200", "peri-paste"},
        {"-a", "\\200", "peri-paste"}, {"^R", "em-inc-search-prev"},
        {"^S", "em-inc-search-next"},  {"-a", "^R", "em-inc-search-prev"},
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        own.el_set(el, EL_BIND, keys[i][0], keys[i][1], keys[i][2], (char *)NULL);
}

/* Sequences that begin with Escape; in vi's insert mode that ends the mode. */
static void bind_sequences(EditLine *el)
{
    static const char *const keys[][2] = {
        {"\\e[1~", "ed-move-to-beg"},      {"\\e[4~", "ed-move-to-end"},
        {"\\e[H", "ed-move-to-beg"},       {"\\e[F", "ed-move-to-end"},
        {"\\eOH", "ed-move-to-beg"},       {"\\eOF", "ed-move-to-end"},
        {"\\e[3~", "ed-delete-next-char"}, {"\\e[1;5C", "em-next-word"},
        {"\\e[1;5D", "ed-prev-word"},      {"\\e[1;3C", "em-next-word"},
        {"\\e[1;3D", "ed-prev-word"},
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        own.el_set(el, EL_BIND, keys[i][0], keys[i][1], (char *)NULL);
}

void peri_typing_mode(struct peri_typing *typing, const char *mode)
{
    own.el_set(typing->el, EL_EDITOR, mode);
    bind_keys(typing->el);
    if (strcmp(mode, "vi") != 0)
        bind_sequences(typing->el);
}

static void prepare(struct peri_typing *typing, const char *mode)
{
    EditLine *el = typing->el;
    HistEventW event;
    own.el_set(el, EL_CLIENTDATA, typing);
    own.el_set(el, EL_SIGNAL, 0);
    own.el_wset(el, EL_ADDFN, L"peri-complete", L"Complete what stands before the cursor",
                complete);
    own.el_wset(el, EL_ADDFN, L"peri-paste", L"Insert the text that was pasted", paste);
    peri_typing_mode(typing, mode != NULL ? mode : "emacs");
    own.el_set(el, EL_GETCFN, next_key);
    own.el_wset(el, EL_PROMPT_ESC, prompt_of, MARK);
    /* Ctrl-C, -Z and -\ are keys while a line is edited; Ctrl-S and -Q belong to the search. */
    own.el_set(el, EL_SETTY, "-d", "-isig", "-ixon", "-ixoff", (char *)NULL);
    own.history_w(typing->history, &event, H_SETSIZE, PERI_LIMIT_HISTORY);
    own.history_w(typing->history, &event, H_SETUNIQUE, 1);
    own.el_wset(el, EL_HIST, own.history_w, typing->history);
    if (mode == NULL && own.el_source(el, NULL) == 0)
        bind_keys(el);
}

bool peri_typing_load(struct peri_error *err)
{
    return own.el_init != NULL ||
           peri_library_load("libedit.so.2", names, sizeof(names) / sizeof(*names), &own, err);
}

struct peri_typing *peri_typing_new(struct peri_desk *desk, const char *terminal, const char *mode)
{
    struct peri_typing *typing = peri_alloc(sizeof(*typing));
    typing->desk = desk;
    peri_keys_init(&typing->keys);
    typing->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    typing->old = uselocale(typing->utf8);
    typing->prompt = peri_alloc(sizeof(wchar_t));
    typing->history = own.history_winit();
    typing->in = fdopen(dup(STDIN_FILENO), "r");
    typing->out = fdopen(dup(STDOUT_FILENO), "w");
    typing->err = fdopen(dup(STDERR_FILENO), "w");
    peri_assert(typing->history != NULL && typing->in != NULL && typing->out != NULL &&
                typing->err != NULL);
    typing->el = own.el_init("perilune", typing->in, typing->out, typing->err);
    bool has_kind = typing->el != NULL && own.el_set(typing->el, EL_TERMINAL, terminal) == 0;
    if (!has_kind) {
        peri_typing_free(typing);
        return NULL;
    }
    prepare(typing, mode);
    return typing;
}

void peri_typing_free(struct peri_typing *typing)
{
    if (typing == NULL)
        return;
    if (typing->el != NULL)
        own.el_end(typing->el);
    own.history_wend(typing->history);
    fclose(typing->in);
    fclose(typing->out);
    fclose(typing->err);
    uselocale(typing->old);
    if (typing->utf8 != (locale_t)0)
        freelocale(typing->utf8);
    peri_keys_deinit(&typing->keys);
    peri_free(typing->prompt);
    peri_free(typing->pasted);
    peri_free(typing);
}

void peri_typing_remember(struct peri_typing *typing, const char *text)
{
    HistEventW event;
    size_t count;
    wchar_t *wide = peri_wide_of(text, strlen(text), &count);
    if (count > 0)
        own.history_w(typing->history, &event, H_ENTER, wide);
    peri_free(wide);
}

/* ---- a line ---- */

/* The prompt as libedit wants it: sequences of colours between marks. */
static wchar_t *marked(const char *prompt)
{
    size_t count, to = 0;
    wchar_t *from = peri_wide_of(prompt, strlen(prompt), &count);
    wchar_t *text = peri_alloc_array(3 * count + 1, sizeof(*text));
    for (size_t i = 0; i < count; i++) {
        bool is_sequence = from[i] == L'\033' && from[i + 1] == L'[';
        if (!is_sequence) {
            text[to++] = from[i] < L' ' ? L' ' : from[i];
            continue;
        }
        text[to++] = MARK;
        for (; i < count; i++) {
            text[to++] = from[i];
            if (from[i] >= L'@' && from[i] <= L'~' && from[i] != L'[')
                break;
        }
        text[to++] = MARK;
    }
    peri_free(from);
    return text;
}

static void begin(struct peri_typing *typing, const char *prompt, const char *first)
{
    size_t count;
    peri_free(typing->prompt);
    typing->prompt = marked(prompt);
    if (first != NULL && *first != '\0')
        typing->pasted = peri_wide_of(first, strlen(first), &count);
    typing->ended = PERI_EDITOR_NONE;
    peri_tty_enter(typing->desk->wake);
    own.el_resize(typing->el);
    fputs(PERI_KEYS_PASTE_ON, typing->out);
}

/* Leaves the line as it is and goes below it. */
static void leave(struct peri_typing *typing)
{
    struct peri_layout end, at = cursor_place(typing, &end);
    if (end.row > at.row)
        fprintf(typing->out, "\033[%dB", end.row - at.row);
    fprintf(typing->out, end.column > 0 ? "\r\033[%dC" : "\r", end.column);
    fputs(typing->ended == PERI_EDITOR_INTERRUPT ? "^C\r\n" : "\r\n", typing->out);
}

static void finish(struct peri_typing *typing, bool is_line)
{
    if (!is_line)
        leave(typing);
    fputs(PERI_KEYS_PASTE_OFF, typing->out);
    fflush(typing->out);
    peri_free(typing->pasted);
    typing->pasted = NULL;
    peri_tty_leave();
}

enum peri_editor_kind peri_typing_line(struct peri_typing *typing, const char *prompt,
                                       const char *first, char **text, size_t *len)
{
    int count = 0;
    begin(typing, prompt, first);
    const wchar_t *line = own.el_wgets(typing->el, &count);
    bool is_line = line != NULL && count > 0 && typing->ended == PERI_EDITOR_NONE;
    *text = NULL;
    if (is_line) {
        size_t size = (size_t)count;
        if (line[size - 1] == L'\n')
            size--;
        *text = peri_wide_utf8(line, size, len);
    } else if (typing->ended == PERI_EDITOR_NONE) {
        typing->ended = PERI_EDITOR_END;
    }
    finish(typing, is_line);
    return is_line ? PERI_EDITOR_LINE : typing->ended;
}
