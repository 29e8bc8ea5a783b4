// A family that never rests: children are forked, write, call exec of this program with other data, end. family SELF
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGES = 512 };
// A fixed address: pages of an older address space under the same pid lie at the same place.
static char *arena(void) {
    return mmap((void *)0x220000000000, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
}

static void work(char *memory, unsigned seed, int turns) {
    for (int t = 0; t < turns; t++) {
        for (int i = 0; i < 12; i++) { int p = rand_r(&seed) % PAGES; memset(memory + p * 4096, (int)seed, 64); *(unsigned *)(memory + p * 4096 + 64) = seed; }
        usleep(500);
    }
}

int main(int argc, char **argv) {
    if (argc > 3) { // in a child, after exec: argv[2] is the generation, argv[3] the seed
        int generation = atoi(argv[2]);
        char *memory = arena();
        work(memory, atoi(argv[3]), 10 + atoi(argv[3]) % 40);
        if (generation == 0) return 0;
        char next[16], seed[16];
        sprintf(next, "%d", generation - 1); sprintf(seed, "%d", atoi(argv[3]) * 7 + 1);
        execl(argv[1], argv[0], argv[1], next, seed, (char *)0);
        return 1;
    }
    getchar();
    char *memory = arena();
    work(memory, 1, 3);
    puts("ready"); fflush(stdout);
    for (unsigned n = 1;; n++) {
        if (fork() == 0) {
            char seed[16];
            work(memory, n, 5 + n % 20);
            sprintf(seed, "%u", n % 1000);
            if (n % 3) execl(argv[1], argv[0], argv[1], "3", seed, (char *)0);
            work(memory, n, 60);
            _exit(0);
        }
        work(memory, n, 6);
        if (n > 6) wait(0);
    }
}
