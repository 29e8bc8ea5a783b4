// Does one thing per letter that it is told to a mapping at a fixed address: r replaces it by a new one, w writes one page of it. replaced
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGES = 16, BYTES = PAGES * 4096 };
static char *const at = (char *)0x200000000000;

static int map(int seed) {
    if (mmap(at, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at) return 0;
    for (int i = 0; i < PAGES; i++) memset(at + i * 4096, seed + i, 4096);
    return 1;
}

int main(void) {
    setbuf(stdin, 0);
    getchar();
    puts(map(1) ? "ready" : "failed"); fflush(stdout);
    for (int told; (told = getchar()) != EOF;) {
        if (told == 'r') puts(munmap(at, BYTES) == 0 && map(101) ? "replaced" : "failed");
        if (told == 'w') { memset(at + 5 * 4096, 77, 4096); puts("written"); }
        fflush(stdout);
    }
    return 0;
}
