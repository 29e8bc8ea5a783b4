// Two processes with PAGES pages each, dumped by CRIU and restored lazily. On SIGUSR1 each checks all of its memory and appends
// "bad N\n" to RESULT, then ends.
//   survivor RESULT PAGES
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

typedef uint64_t u64;
static u64 word(u64 seed, u64 page, u64 k) { return page % 9 == 4 ? 0 : (seed + page) * 0x9e3779b97f4a7c15ull + k * 0xbf58476d1ce4e5b9ull; }

int main(int c, char **v)
{
    if (c != 3) return 2;
    u64 pages = strtoull(v[2], 0, 0);
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    setsid();
    pid_t child = fork();
    u64 seed = child ? 1 : 1000003;
    u64 *m = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (u64 i = 0; i < pages; i++) for (u64 k = 0; k < 512; k++) m[i * 512 + k] = word(seed, i, k);
    // A filled range that nobody may read for now: CRIU calls it lazy all the same.
    mprotect(m, 16 * 4096, PROT_NONE);
    int ready = open(v[1], O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (write(ready, "ready\n", 6) != 6) return 3;
    close(ready);
    int got;
    sigwait(&usr1, &got);
    mprotect(m, 16 * 4096, PROT_READ | PROT_WRITE);
    u64 bad = 0;
    for (u64 i = pages; i-- > 0;) for (u64 k = 0; k < 512; k++) if (m[i * 512 + k] != word(seed, i, k)) { bad++; break; }
    char line[32];
    int n = snprintf(line, sizeof line, "bad %lu\n", bad);
    int out = open(v[1], O_WRONLY | O_APPEND);
    if (write(out, line, n) != n) return 3;
    if (child) wait(NULL);
    return bad != 0;
}
