#ifndef SLUICE_CLIBPQ_SHIM_H
#define SLUICE_CLIBPQ_SHIM_H

/*
 * What Swift cannot express by itself: switches on libpq's version macros,
 * character macros, and the few POSIX calls whose types differ between Darwin
 * and glibc. Everything here is `static inline`, so the module stays header-only.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include <libpq-fe.h>

/* Character macros are not imported; enumerators are. */
enum sluice_diag_field {
    SLUICE_DIAG_SEVERITY = PG_DIAG_SEVERITY_NONLOCALIZED,
    SLUICE_DIAG_SQLSTATE = PG_DIAG_SQLSTATE,
    SLUICE_DIAG_MESSAGE = PG_DIAG_MESSAGE_PRIMARY,
    SLUICE_DIAG_DETAIL = PG_DIAG_MESSAGE_DETAIL,
    SLUICE_DIAG_HINT = PG_DIAG_MESSAGE_HINT,
    SLUICE_DIAG_POSITION = PG_DIAG_STATEMENT_POSITION,
    SLUICE_DIAG_INTERNAL_POSITION = PG_DIAG_INTERNAL_POSITION,
    SLUICE_DIAG_INTERNAL_QUERY = PG_DIAG_INTERNAL_QUERY,
    SLUICE_DIAG_CONTEXT = PG_DIAG_CONTEXT,
    SLUICE_DIAG_SCHEMA = PG_DIAG_SCHEMA_NAME,
    SLUICE_DIAG_TABLE = PG_DIAG_TABLE_NAME,
    SLUICE_DIAG_COLUMN = PG_DIAG_COLUMN_NAME,
    SLUICE_DIAG_DATATYPE = PG_DIAG_DATATYPE_NAME,
    SLUICE_DIAG_CONSTRAINT = PG_DIAG_CONSTRAINT_NAME,
    SLUICE_DIAG_SOURCE_FILE = PG_DIAG_SOURCE_FILE,
    SLUICE_DIAG_SOURCE_LINE = PG_DIAG_SOURCE_LINE,
    SLUICE_DIAG_SOURCE_FUNCTION = PG_DIAG_SOURCE_FUNCTION
};

/*
 * A cancel request, made on the thread that owns the connection and sent from
 * another one. From libpq 17 on it uses the connection's own encryption; before,
 * PQcancel is all there is and it is never encrypted.
 */
#ifdef LIBPQ_HAS_ASYNC_CANCEL

static inline void *sluice_cancel_create(PGconn *conn) { return PQcancelCreate(conn); }

static inline int sluice_cancel_send(void *cancel) {
    return PQcancelBlocking((PGcancelConn *)cancel);
}

static inline void sluice_cancel_free(void *cancel) { PQcancelFinish((PGcancelConn *)cancel); }

#else

static inline void *sluice_cancel_create(PGconn *conn) { return PQgetCancel(conn); }

static inline int sluice_cancel_send(void *cancel) {
    char message[256];
    return PQcancel((PGcancel *)cancel, message, (int)sizeof message);
}

static inline void sluice_cancel_free(void *cancel) { PQfreeCancel((PGcancel *)cancel); }

#endif

/* Opens a nonblocking pipe that no child process inherits. 0, or -1 with errno. */
static inline int sluice_wake_open(int *read_end, int *write_end) {
    int ends[2];
    if (pipe(ends) != 0) return -1;
    for (int i = 0; i < 2; i++) {
        if (fcntl(ends[i], F_SETFD, FD_CLOEXEC) == -1
            || fcntl(ends[i], F_SETFL, O_NONBLOCK) == -1) {
            close(ends[0]);
            close(ends[1]);
            return -1;
        }
    }
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}

/* A full pipe is as good as a written one: the reader wakes either way. */
static inline void sluice_wake_write(int write_end) {
    while (write(write_end, "w", 1) == -1 && errno == EINTR) {}
}

static inline void sluice_wake_drain(int read_end) {
    char bytes[64];
    ssize_t count;
    do count = read(read_end, bytes, sizeof bytes);
    while (count == (ssize_t)sizeof bytes || (count == -1 && errno == EINTR));
}

static inline void sluice_wake_close(int read_end, int write_end) {
    close(read_end);
    close(write_end);
}

enum sluice_readiness {
    SLUICE_READABLE = 1,
    SLUICE_WRITABLE = 2,
    SLUICE_WOKEN = 4
};

/*
 * Waits for a socket (or none, -1) and a wake pipe. Returns a mask of
 * sluice_readiness, 0 when the time is up or a signal came, -1 on failure. An error or
 * a hang-up of the socket counts as readiness: the next libpq call reports it.
 */
static inline int sluice_poll(
    int socket, int want_read, int want_write, int wake, int timeout_milliseconds) {
    struct pollfd fds[2] = {
        { .fd = wake, .events = POLLIN, .revents = 0 },
        { .fd = socket, .events = 0, .revents = 0 },
    };
    if (want_read) fds[1].events |= POLLIN;
    if (want_write) fds[1].events |= POLLOUT;
    int count = poll(fds, socket >= 0 ? 2 : 1, timeout_milliseconds);
    if (count < 0) return errno == EINTR ? 0 : -1;
    int ready = 0;
    if (fds[0].revents) ready |= SLUICE_WOKEN;
    if (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL)) {
        ready |= want_read ? SLUICE_READABLE : 0;
        ready |= want_write ? SLUICE_WRITABLE : 0;
    }
    if (fds[1].revents & POLLIN) ready |= SLUICE_READABLE;
    if (fds[1].revents & POLLOUT) ready |= SLUICE_WRITABLE;
    return ready;
}

/*
 * Starts a detached thread that handles no signals, so that SIGINT and SIGTERM reach
 * the threads that wait for them. Faults stay unblocked: a crash must be seen where it
 * happens. 0, or an errno value.
 */
static inline int sluice_thread_start(
    void *(*main)(void *), void *argument, size_t stack_bytes) {
    static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT };
    sigset_t blocked, previous;
    pthread_attr_t attributes;
    pthread_t thread;
    int failure = pthread_attr_init(&attributes);
    if (failure) return failure;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, stack_bytes);
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(&blocked, faults[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &previous);
    failure = pthread_create(&thread, &attributes, main, argument);
    pthread_sigmask(SIG_SETMASK, &previous, NULL);
    pthread_attr_destroy(&attributes);
    return failure;
}

/* Zeroes bytes in a way that the optimizer may not drop. */
static inline void sluice_zero(void *bytes, size_t count) {
    volatile unsigned char *byte = (volatile unsigned char *)bytes;
    while (count--) *byte++ = 0;
}

#endif
