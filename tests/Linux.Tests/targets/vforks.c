// vfork children that stay for a while before exec: vforks MICROSECONDS SELF. With a third argument: ends at once.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc > 3) return 0;
    getchar();
    puts("ready"); fflush(stdout);
    for (;;) {
        volatile pid_t child = vfork();
        if (child == 0) { usleep(atoi(argv[1])); execl(argv[2], argv[0], "0", argv[2], "end", (char *)0); _exit(1); }
        waitpid(child, 0, 0);
        usleep(500);
    }
}
