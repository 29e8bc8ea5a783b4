// Writes all the time to memory that is sealed: a private mapping of a memfd that nobody may write to, and a mapping that nobody may unmap. sealed
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGES = 128, BYTES = PAGES * 4096, SYS_MSEAL = 462 };

int main(void) {
    getchar();
    int file = memfd_create("sealed", MFD_ALLOW_SEALING), ok = file >= 0;
    char block[4096];
    for (int i = 0; ok && i < PAGES; i++) { memset(block, 'a' + i % 26, 4096); ok = write(file, block, 4096) == 4096; }
    ok = ok && fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0;
    char *of_file = mmap(0, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    char *anonymous = mmap(0, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ok = ok && of_file != MAP_FAILED && anonymous != MAP_FAILED;
    if (ok) memset(anonymous, 3, BYTES);
    // Linux 6.10 and later; an older kernel has no such seal, and then this is ordinary memory.
    ok = ok && (syscall(SYS_MSEAL, anonymous, BYTES, 0) == 0 || errno == ENOSYS) && (syscall(SYS_MSEAL, of_file, BYTES, 0) == 0 || errno == ENOSYS);
    close(file);
    puts(ok ? "ready" : "failed"); fflush(stdout);
    for (uint64_t n = 1;; n++) {
        *(uint64_t *)(anonymous + n * 7 % PAGES * 4096) = n;
        *(uint64_t *)(of_file + n * 11 % (PAGES / 2) * 4096) = n; // the other half stays the file's
        if ((n & 15) == 0) usleep(200);
    }
}
