// Changes its mappings at random while it writes: every way in which a page can move, vanish, hide or come from a file.
// layout FILE HUGE(0|1)
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { REGIONS = 24, PAGES = 64, GUARDED = 8, BYTES = PAGES * 4096 };
static char *const base = (char *)0x200000000000, *const spare = (char *)0x210000000000;
static int readable[REGIONS], file;
static uint64_t counter, x = 88172645463325252;

static uint64_t rnd(void) { x ^= x << 13; x ^= x >> 7; x ^= x << 17; return x; }
static char *at(int r) { return base + (size_t)r * BYTES * 4; }

static void map(int r, int from_file) {
    munmap(at(r), BYTES * 2);
    char *m = mmap(at(r), BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | (from_file ? 0 : MAP_ANONYMOUS), from_file ? file : -1, 0);
    if (m != at(r)) { perror("mmap"); exit(1); }
    readable[r] = 1;
}

static void fill(int r) {
    for (int i = 0; i < 20; i++) {
        char *page = at(r) + (GUARDED + rnd() % (PAGES - GUARDED)) * 4096;
        memset(page, rnd() % 8 ? (int)rnd() : 0, 4096);
        if (rnd() % 8) *(uint64_t *)page = ++counter;
    }
}

int main(int argc, char **argv) {
    (void)argc;
    getchar();
    file = open(argv[1], O_RDWR | O_CREAT, 0600);
    char block[4096];
    for (int i = 0; i < PAGES * 2; i++) { memset(block, 'a' + i % 26, 4096); if (write(file, block, 4096) != 4096) return 1; }
    for (int r = 0; r < REGIONS; r++) { map(r, r % 3 == 0); fill(r); }
    if (argv[2][0] == '1') madvise(base, (size_t)REGIONS * BYTES * 4, MADV_HUGEPAGE);
    puts("ready"); fflush(stdout);
    for (uint64_t n = 0;; n++) {
        int r = rnd() % REGIONS;
        char *part = at(r) + (GUARDED + rnd() % 32) * 4096;
        volatile char seen;
        if (!readable[r] && rnd() % 4) { mprotect(at(r), BYTES, PROT_READ | PROT_WRITE); readable[r] = 1; }
        if (!readable[r]) continue;
        switch (rnd() % 14) {
        case 0: map(r, 0); fill(r); break;
        case 1: map(r, 1); fill(r); break;
        case 2: // there and back: twice a moved mapping
            if (mremap(at(r), BYTES, BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, spare) == spare) {
                memset(spare + GUARDED * 4096, (int)rnd(), 100);
                if (rnd() & 1) mmap(at(r), BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
                mremap(spare, BYTES, BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, at(r));
            }
            break;
        case 3: madvise(part, 16 * 4096, MADV_DONTNEED); break;
        case 4: madvise(part, 16 * 4096, MADV_DONTNEED); seen = *part; break; // read again: zero page, or the file's
        case 5: fill(r); mprotect(at(r), BYTES, PROT_NONE); readable[r] = 0; break;
        case 6: mprotect(part, 4 * 4096, PROT_READ); mprotect(part, 4 * 4096, PROT_READ | PROT_WRITE); break;
        case 7: madvise(part, 8 * 4096, MADV_FREE); break;
        case 8: madvise(at(r), 4 * 4096, 102); madvise(at(r), 2 * 4096, 103); break; // MADV_GUARD_INSTALL, _REMOVE
        case 9: if (mremap(at(r), BYTES, BYTES * 2, 0) == at(r)) { memset(at(r) + BYTES, 7, 9 * 4096); } break;
        case 10: // swap two regions
            if (readable[(r + 1) % REGIONS]) {
                int o = (r + 1) % REGIONS;
                mremap(at(r), BYTES, BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, spare);
                mremap(at(o), BYTES, BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, at(r));
                mremap(spare, BYTES, BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, at(o));
            }
            break;
        default: fill(r);
        }
        if ((n & 15) == 0) usleep(300);
    }
}
