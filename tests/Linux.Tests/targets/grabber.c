// A container that works against the attach: threads that copy every new descriptor, and forks that inherit it.
// Prints nothing but "ready". Copies live at 400 and above.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

static void *copy_all(void *unused) {
    (void)unused;
    for (;;) for (int f = 3; f < 8; f++) fcntl(f, F_DUPFD, 400);
    return 0;
}

static void *fork_all(void *unused) {
    (void)unused;
    for (;;) { pid_t p = fork(); if (p == 0) { usleep(30000); _exit(0); } usleep(500); while (waitpid(-1, 0, WNOHANG) > 0); }
    return 0;
}

static int copy_in_sibling(void *unused) { copy_all(unused); return 0; }

int main(void) {
    getchar();
    pthread_t t;
    pthread_create(&t, 0, copy_all, 0);
    pthread_create(&t, 0, fork_all, 0);
    // Another process with the same descriptor table but memory of its own.
    char *stack = malloc(65536);
    clone(copy_in_sibling, stack + 65536, CLONE_FILES | SIGCHLD, 0);
    puts("ready"); fflush(stdout);
    for (;;) usleep(1000);
}
