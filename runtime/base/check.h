/* check.h: peri_assert, for mistakes of our own and never for input. It stays on in a release. */
#ifndef PERI_CHECK_H
#define PERI_CHECK_H

/* Ends the process, naming the condition and its place, when condition is false. */
#define peri_assert(condition)                                                                     \
    ((condition) ? (void)0 : peri_check_failed(#condition, __FILE__, __LINE__))

/* Prints what failed and where, and aborts. Called by peri_assert. */
_Noreturn void peri_check_failed(const char *condition, const char *file, int line);

#endif
