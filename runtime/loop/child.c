/* child.c: children. Each handle is closed when its own end has come; the struct lives until all
 * are. Bytes are read into what its owner is to consume, and no more is read past a limit. */
#include "runtime/loop/child.h"

#include <signal.h>
#include <sys/wait.h>

#include "runtime/base/buf.h"
#include "runtime/loop/handle.h"

struct stream {
    uv_pipe_t pipe; /* its data is the child */
    struct peri_buf unread;
    bool is_open, is_paused;
};

struct peri_child {
    uv_process_t uv; /* its data is the child */
    uv_pipe_t input;
    uv_write_t write;
    char *bytes; /* of the input */
    struct stream streams[PERI_CHILD_STREAMS];
    peri_child_cb cb;
    void *arg;
    unsigned handles; /* not closed yet */
    int pid, code, number;
    bool has_exited, is_freed;
};

static void destroy_when_closed(struct peri_child *child)
{
    if (!child->is_freed || child->handles > 0)
        return;
    for (int i = 0; i < PERI_CHILD_STREAMS; i++)
        peri_buf_deinit(&child->streams[i].unread);
    peri_free(child->bytes);
    peri_free(child);
}

static void on_close(uv_handle_t *uv)
{
    struct peri_child *child = uv->data;
    child->handles--;
    destroy_when_closed(child);
}

static void close_handle(void *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_close);
}

static void tell(struct peri_child *child)
{
    if (!child->is_freed)
        child->cb(child->arg);
}

static void on_exit_of(uv_process_t *uv, int64_t code, int number)
{
    struct peri_child *child = uv->data;
    child->has_exited = true;
    child->code = (int)code;
    child->number = number;
    close_handle(uv);
    tell(child);
}

static struct stream *stream_of(uv_handle_t *uv)
{
    return (struct stream *)uv; /* its first member */
}

static void on_room(uv_handle_t *uv, size_t suggested, uv_buf_t *out)
{
    struct stream *stream = stream_of(uv);
    (void)suggested;
    size_t n = PERI_CHILD_UNREAD - stream->unread.len;
    peri_buf_expect(&stream->unread, n);
    size_t room = stream->unread.size - stream->unread.len;
    *out = room < n + 1 ? uv_buf_init(NULL, 0)
                        : uv_buf_init(stream->unread.data + stream->unread.len, (unsigned)n);
}

static void on_bytes(uv_stream_t *uv, ssize_t n, const uv_buf_t *buf)
{
    struct stream *stream = stream_of((uv_handle_t *)uv);
    struct peri_child *child = uv->data;
    (void)buf;
    if (n == 0)
        return;
    if (n < 0 || peri_buf_extend(&stream->unread, (size_t)n, NULL) == NULL) {
        stream->is_open = false;
        close_handle(uv);
    } else if (stream->unread.len >= PERI_CHILD_UNREAD) {
        stream->is_paused = true;
        uv_read_stop(uv);
    }
    tell(child);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status; /* who does not read its input will say so by its end */
    close_handle(write->handle);
}

/* Writes the input; the program sees its end. */
static void feed(struct peri_child *child, struct peri_str input)
{
    child->bytes = peri_alloc(input.len + 1);
    for (size_t i = 0; i < input.len; i++)
        child->bytes[i] = input.data[i];
    uv_buf_t buf = uv_buf_init(child->bytes, (unsigned)input.len);
    if (uv_write(&child->write, (uv_stream_t *)&child->input, &buf, 1, on_written) < 0)
        close_handle(&child->input);
}

static void init_pipes(struct peri_loop *loop, struct peri_child *child)
{
    uv_pipe_init(&loop->uv, &child->input, 0);
    child->input.data = child;
    for (int i = 0; i < PERI_CHILD_STREAMS; i++) {
        struct stream *stream = &child->streams[i];
        uv_pipe_init(&loop->uv, &stream->pipe, 0);
        stream->pipe.data = child;
        peri_buf_init(&stream->unread, PERI_CHILD_UNREAD);
    }
    child->uv.data = child;
    child->handles = PERI_CHILD_STREAMS + 2;
}

static int spawn(struct peri_loop *loop, struct peri_child *child,
                 const struct peri_child_settings *settings)
{
    uv_stdio_container_t stdio[PERI_CHILD_STREAMS + 1];
    stdio[0].flags = settings->input.data == NULL ? UV_IGNORE : UV_CREATE_PIPE | UV_READABLE_PIPE;
    stdio[0].data.stream = (uv_stream_t *)&child->input;
    for (int i = 0; i < PERI_CHILD_STREAMS; i++) {
        stdio[i + 1].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
        stdio[i + 1].data.stream = (uv_stream_t *)&child->streams[i].pipe;
    }
    uv_process_options_t options = {
        .exit_cb = on_exit_of,
        .file = settings->argv[0],
        .args = (char **)(uintptr_t)settings->argv, /* libuv does not write to these two */
        .env = (char **)(uintptr_t)settings->env,
        .cwd = settings->cwd,
        .flags = UV_PROCESS_DETACHED,
        .stdio = stdio,
        .stdio_count = settings->has_records ? PERI_CHILD_STREAMS + 1 : PERI_CHILD_STREAMS,
    };
    return uv_spawn(&loop->uv, &child->uv, &options);
}

/* Begins to read what it writes; what is not used is closed. */
static void listen_to(struct peri_child *child, bool has_records)
{
    for (int i = 0; i < PERI_CHILD_STREAMS; i++) {
        struct stream *stream = &child->streams[i];
        stream->is_open = i != PERI_CHILD_RECORDS || has_records;
        if (stream->is_open)
            uv_read_start((uv_stream_t *)&stream->pipe, on_room, on_bytes);
        else
            close_handle(&stream->pipe);
    }
}

struct peri_child *peri_child_new(struct peri_loop *loop,
                                  const struct peri_child_settings *settings, peri_child_cb cb,
                                  void *arg, struct peri_error *err)
{
    struct peri_child *child = peri_alloc(sizeof(*child));
    child->cb = cb;
    child->arg = arg;
    init_pipes(loop, child);
    int status = spawn(loop, child, settings);
    if (status < 0) {
        child->has_exited = true;
        close_handle(&child->uv);
        peri_error_set(err, PERI_E_IO, "cannot run %s: %s", settings->argv[0], uv_strerror(status));
        peri_child_free(child);
        return NULL;
    }
    child->pid = uv_process_get_pid(&child->uv);
    listen_to(child, settings->has_records);
    if (settings->input.data == NULL)
        close_handle(&child->input);
    else
        feed(child, settings->input);
    return child;
}

int peri_child_pid(const struct peri_child *child)
{
    return child->pid;
}

struct peri_str peri_child_unread(const struct peri_child *child, enum peri_child_stream stream)
{
    const struct peri_buf *unread = &child->streams[stream].unread;
    return (struct peri_str){unread->data, unread->len};
}

void peri_child_consume(struct peri_child *child, enum peri_child_stream stream)
{
    struct stream *from = &child->streams[stream];
    peri_buf_clear(&from->unread);
    if (!from->is_paused || !from->is_open)
        return;
    from->is_paused = false;
    uv_read_start((uv_stream_t *)&from->pipe, on_room, on_bytes);
}

bool peri_child_is_silent(const struct peri_child *child)
{
    for (int i = 0; i < PERI_CHILD_STREAMS; i++)
        if (child->streams[i].is_open || child->streams[i].unread.len > 0)
            return false;
    return true;
}

bool peri_child_result(const struct peri_child *child, int *code, int *number)
{
    *code = child->code;
    *number = child->number;
    return child->has_exited;
}

/* What still holds its streams is not listened to any more. */
static void stop_listening(struct peri_child *child)
{
    for (int i = 0; i < PERI_CHILD_STREAMS; i++) {
        child->streams[i].is_open = false;
        close_handle(&child->streams[i].pipe);
    }
    tell(child);
}

/* A session keeps its id while one is left in it, as those seem to be who hold the streams. */
static bool kill_rest(struct peri_child *child, int number)
{
    if (peri_child_is_silent(child))
        return false;
    bool is_there = kill(-child->pid, number) == 0;
    if (number == SIGKILL)
        stop_listening(child);
    return is_there;
}

bool peri_child_kill(struct peri_child *child, int number)
{
    if (child->has_exited)
        return kill_rest(child, number);
    return kill(-child->pid, number) == 0 || kill(child->pid, number) == 0;
}

void peri_child_free(struct peri_child *child)
{
    if (child == NULL)
        return;
    child->is_freed = true;
    bool was_alive = !child->has_exited;
    if (peri_child_kill(child, SIGKILL) && was_alive) {
        close_handle(&child->uv);
        waitpid(child->pid, NULL, 0); /* libuv forgets a closed one, which would stay a zombie */
    }
    close_handle(&child->input);
    for (int i = 0; i < PERI_CHILD_STREAMS; i++)
        close_handle(&child->streams[i].pipe);
    destroy_when_closed(child);
}
