/* tty.h: the terminal's settings, and that they come back on every way out. */
#ifndef PERI_TTY_H
#define PERI_TTY_H

#include <stdbool.h>

/* Notes the settings of stdin's terminal. Until peri_tty_leave, a crash puts them back before the
 * process dies of it, and a window that changes its size rings the pipe. */
void peri_tty_enter(const int *pipe);

/* Puts the settings back, and ends what peri_tty_enter began; nothing happens without. */
void peri_tty_leave(void);

/* Puts the settings back, and nothing else. Signal handlers may call it. */
void peri_tty_restore(void);

/* Stops the process and what it was started with, as Ctrl-Z does; returns when it goes on. The
 * settings are those noted meanwhile. */
void peri_tty_pause(void);

/* The size of stdout's terminal; 80 by 24 where it says nothing. */
void peri_tty_size(int *columns, int *rows);

#endif
