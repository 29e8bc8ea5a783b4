// Random writers: writers MIB THREADS. Every write gives a page new content.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static uint64_t *memory;
static size_t pages;

static void *write_pages(void *seed) {
    uint64_t x = (uint64_t)seed * 0x9e3779b97f4a7c15 + 1;
    for (uint64_t n = 1;; n++) {
        x ^= x << 13; x ^= x >> 7; x ^= x << 17;
        // Half of the writes hit a sixteenth of the memory, as programs do; some make a page all zero again.
        size_t page = (x & 1) ? (x >> 8) % pages : (x >> 8) % (pages / 16);
        uint64_t *at = memory + page * 512;
        if ((x & 0xf0) == 0) { for (int i = 0; i < 512; i++) at[i] = 0; }
        else { at[(x >> 40) & 511] = x; at[511] = n; }
        if ((n & 63) == 0) usleep(200);
    }
    return 0;
}

int main(int argc, char **argv) {
    (void)argc;
    getchar();
    pages = atol(argv[1]) * 256;
    memory = mmap(0, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; i < pages - pages / 8; i++) memory[i * 512] = i + 1;
    puts("ready"); fflush(stdout);
    for (long t = 1; t < atol(argv[2]); t++) { pthread_t id; pthread_create(&id, 0, write_pages, (void *)t); }
    write_pages((void *)99);
}
