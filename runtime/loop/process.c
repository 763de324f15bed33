/* process.c: processes. One ends for us when it was reaped and its end of the pipe is closed, by it
 * and by whoever inherited it. Each of the two handles is closed when its own end has come; the
 * struct lives until both are. */
#include "runtime/loop/process.h"

#include <signal.h>
#include <sys/wait.h>

#include "runtime/base/buf.h"
#include "runtime/base/limits.h"
#include "runtime/loop/handle.h"

struct peri_process {
    uv_process_t uv; /* the data of both is this struct */
    uv_pipe_t pipe;
    peri_process_cb cb;
    void *arg;
    struct peri_buf output;
    char chunk[4096];
    int status;
    unsigned ended;  /* of the two: the process, its output */
    unsigned closed; /* handles */
    bool has_exited;
    bool is_cut;   /* it wrote too much */
    bool is_freed; /* by its owner */
};

enum { PARTS = 2 };

static void destroy_when_closed(struct peri_process *process)
{
    if (!process->is_freed || process->closed < PARTS)
        return;
    peri_buf_deinit(&process->output);
    peri_free(process);
}

static void on_close(uv_handle_t *uv)
{
    struct peri_process *process = uv->data;
    process->closed++;
    destroy_when_closed(process);
}

/* One of the two has come to its end. */
static void end_part(struct peri_process *process, uv_handle_t *part)
{
    if (uv_is_closing(part))
        return;
    uv_close(part, on_close);
    process->ended++;
    if (process->ended == PARTS && process->cb != NULL)
        process->cb(process->arg);
}

static void on_exit_of(uv_process_t *uv, int64_t status, int number)
{
    struct peri_process *process = uv->data;
    process->has_exited = true;
    process->status = number != 0 ? 128 + number : (int)status;
    end_part(process, (uv_handle_t *)uv);
}

static void on_room(uv_handle_t *uv, size_t suggested, uv_buf_t *out)
{
    struct peri_process *process = uv->data;
    (void)suggested;
    *out = uv_buf_init(process->chunk, sizeof(process->chunk));
}

static void on_output(uv_stream_t *uv, ssize_t n, const uv_buf_t *buf)
{
    struct peri_process *process = uv->data;
    if (n >= 0 && peri_buf_add(&process->output, buf->base, (size_t)n, NULL))
        return;
    if (n >= 0) {
        process->is_cut = true;
        if (!process->has_exited)
            uv_process_kill(&process->uv, SIGKILL);
    }
    end_part(process, (uv_handle_t *)uv);
}

static int spawn(struct peri_loop *loop, struct peri_process *process, const char *const *argv)
{
    uv_stdio_container_t stdio[] = {
        {.flags = UV_INHERIT_FD, .data.fd = 0},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&process->pipe},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
    };
    uv_process_options_t options = {
        .exit_cb = on_exit_of,
        .file = argv[0],
        .args = (char **)(uintptr_t)argv, /* libuv does not write to them */
        .stdio = stdio,
        .stdio_count = 3,
    };
    return uv_spawn(&loop->uv, &process->uv, &options);
}

struct peri_process *peri_process_new(struct peri_loop *loop, const char *const *argv,
                                      peri_process_cb cb, void *arg, struct peri_error *err)
{
    struct peri_process *process = peri_alloc(sizeof(*process));
    peri_buf_init(&process->output, PERI_LIMIT_PROCESS_OUTPUT);
    uv_pipe_init(&loop->uv, &process->pipe, 0);
    process->uv.data = process;
    process->pipe.data = process;
    int status = spawn(loop, process, argv);
    if (status < 0) {
        process->is_freed = true;
        uv_close((uv_handle_t *)&process->uv, on_close);
        uv_close((uv_handle_t *)&process->pipe, on_close);
        peri_error_set(err, PERI_E_IO, "cannot run %s: %s", argv[0], uv_strerror(status));
        return NULL;
    }
    process->cb = cb;
    process->arg = arg;
    uv_read_start((uv_stream_t *)&process->pipe, on_room, on_output);
    return process;
}

bool peri_process_result(const struct peri_process *process, int *status, struct peri_error *err)
{
    if (process->is_cut)
        return peri_error_set(err, PERI_E_LIMIT, "the program wrote more than %lu bytes",
                              PERI_LIMIT_PROCESS_OUTPUT);
    *status = process->status;
    return process->ended == PARTS;
}

struct peri_str peri_process_output(const struct peri_process *process)
{
    return (struct peri_str){process->output.data, process->output.len};
}

void peri_process_free(struct peri_process *process)
{
    if (process == NULL)
        return;
    process->cb = NULL;
    process->is_freed = true;
    if (!process->has_exited) {
        uv_pid_t pid = uv_process_get_pid(&process->uv);
        uv_process_kill(&process->uv, SIGKILL);
        uv_close((uv_handle_t *)&process->uv, on_close);
        waitpid(pid, NULL, 0); /* libuv forgets a closed one, which would stay a zombie */
    }
    if (!uv_is_closing((uv_handle_t *)&process->pipe))
        uv_close((uv_handle_t *)&process->pipe, on_close);
    destroy_when_closed(process);
}
