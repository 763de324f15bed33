/* tty.c: settings of the terminal. */
#include "runtime/term/tty.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "runtime/term/desk.h"
#include "runtime/term/keys.h"

/* Signals that end the process without asking it. */
static const int fatal[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGQUIT};
enum { FATAL = sizeof(fatal) / sizeof(fatal[0]) };

/* Handlers have no argument of their own. */
static struct termios noted;
static volatile sig_atomic_t is_noted;
static const int *volatile rung;
static struct sigaction before[FATAL], before_winch;

void peri_tty_restore(void)
{
    if (!is_noted)
        return;
    ssize_t written = write(STDOUT_FILENO, PERI_KEYS_PASTE_OFF, sizeof(PERI_KEYS_PASTE_OFF) - 1);
    (void)written;
    tcsetattr(STDIN_FILENO, TCSANOW, &noted);
}

static void on_fatal(int number)
{
    peri_tty_restore();
    for (int i = 0; i < FATAL; i++)
        if (fatal[i] == number)
            sigaction(number, &before[i], NULL);
    raise(number); /* delivered when this returns */
}

static void on_winch(int number)
{
    (void)number;
    if (rung != NULL)
        peri_desk_ring(rung);
}

void peri_tty_enter(const int *pipe)
{
    peri_tty_leave();
    if (tcgetattr(STDIN_FILENO, &noted) != 0)
        return;
    is_noted = 1;
    rung = pipe;
    struct sigaction action = {.sa_handler = on_fatal};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < FATAL; i++)
        sigaction(fatal[i], &action, &before[i]);
    action = (struct sigaction){.sa_handler = on_winch, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGWINCH, &action, &before_winch);
}

void peri_tty_leave(void)
{
    if (!is_noted)
        return;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &noted);
    for (int i = 0; i < FATAL; i++)
        sigaction(fatal[i], &before[i], NULL);
    sigaction(SIGWINCH, &before_winch, NULL);
    is_noted = 0;
    rung = NULL;
}

void peri_tty_pause(void)
{
    peri_tty_restore();
    kill(0, SIGSTOP);
}

void peri_tty_size(int *columns, int *rows)
{
    struct winsize size = {0};
    bool is_told = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    *columns = is_told && size.ws_col > 1 ? size.ws_col : 80;
    *rows = is_told && size.ws_row > 0 ? size.ws_row : 24;
}
