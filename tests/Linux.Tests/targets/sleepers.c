// Threads in calls that say EINTR when interrupted; a SIGTRAP handler that must stay; a timer signal. Reports what a program would notice.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int ticks;
static void on_trap(int s) { (void)s; }
static void on_alarm(int s) { (void)s; ticks++; }

static void *wait_epoll(void *unused) {
    (void)unused;
    sigset_t all; sigfillset(&all); pthread_sigmask(SIG_BLOCK, &all, 0);
    struct epoll_event event;
    for (int e = epoll_create1(0);;) { if (epoll_wait(e, &event, 1, -1) < 0 && errno == EINTR) { puts("EINTR epoll_wait"); fflush(stdout); } }
    return 0;
}

static void *wait_signal(void *unused) {
    (void)unused;
    sigset_t all; sigfillset(&all); pthread_sigmask(SIG_BLOCK, &all, 0);
    sigset_t one; sigemptyset(&one); sigaddset(&one, SIGUSR2);
    struct timespec hour = { 3600, 0 };
    for (;;) { if (sigtimedwait(&one, 0, &hour) < 0 && errno == EINTR) { puts("EINTR sigtimedwait"); fflush(stdout); } }
    return 0;
}

int main(void) {
    getchar();
    signal(SIGTRAP, on_trap);
    signal(SIGALRM, on_alarm);
    pthread_t t;
    pthread_create(&t, 0, wait_epoll, 0);
    pthread_create(&t, 0, wait_signal, 0);
    usleep(20000);
    struct itimerval often = { { 0, 2000 }, { 0, 2000 } };
    setitimer(ITIMER_REAL, &often, 0);
    puts("ready"); fflush(stdout);
    for (int last = 0;;) {
        // Busy for 20 ms: ten ticks, of which at least one must come.
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        do clock_gettime(CLOCK_MONOTONIC, &to); while ((to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000 < 20);
        struct sigaction now;
        sigaction(SIGTRAP, 0, &now);
        if (now.sa_handler != on_trap) { puts("SIGTRAP handler lost"); fflush(stdout); }
        if (ticks == last) { puts("SIGALRM lost"); fflush(stdout); }
        last = ticks;
    }
}
