// What tracking cannot see, one kind by name: blind KIND DIRECTORY
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *anonymous(size_t bytes, int flags) { return mmap(0, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0); }

int main(int argc, char **argv) {
    (void)argc;
    getchar();
    char path[300];
    snprintf(path, sizeof path, "%s/blind.data", argv[2]);
    int file = open(path, O_RDWR | O_CREAT, 0600), ok = 1;
    if (ftruncate(file, 1 << 20)) return 1;
    char *plain = anonymous(1 << 20, MAP_PRIVATE);
    memset(plain, 5, 1 << 20);
    if (!strcmp(argv[1], "direct")) ok = open(path, O_RDONLY | O_DIRECT) >= 0;
    else if (!strcmp(argv[1], "packets")) { int p[2]; ok = pipe2(p, O_DIRECT) == 0; }
    else if (!strcmp(argv[1], "aio")) { aio_context_t c = 0; ok = syscall(SYS_io_setup, 8, &c) == 0; }
    else if (!strcmp(argv[1], "uring")) { char params[120] = { 0 }; ok = syscall(425, 4, params) >= 0; }
    else if (!strcmp(argv[1], "memfd")) { int m = syscall(SYS_memfd_create, "store", 0); ok = m >= 0 && ftruncate(m, 3 << 20) == 0; }
    else if (!strcmp(argv[1], "sealed")) { // read-only, and its descriptor is closed: only the mapping is left to tell
        int m = syscall(SYS_memfd_create, "store", 2);
        ok = m >= 0 && ftruncate(m, 3 << 20) == 0 && fcntl(m, 1033, 15) == 0 && mmap(0, 3 << 20, PROT_READ, MAP_SHARED, m, 0) != MAP_FAILED; // F_ADD_SEALS, all four
        close(m);
    }
    else if (!strcmp(argv[1], "shared-file")) ok = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) != MAP_FAILED;
    else if (!strcmp(argv[1], "shared-read")) ok = mmap(0, 1 << 20, PROT_READ, MAP_SHARED, file, 0) != MAP_FAILED;
    else if (!strcmp(argv[1], "shared-memory")) ok = anonymous(2 << 20, MAP_SHARED) != MAP_FAILED;
    else if (!strcmp(argv[1], "traced")) { pid_t c = fork(); if (!c) { ptrace(PTRACE_TRACEME, 0, 0, 0); raise(19); for (;;) pause(); } waitpid(c, 0, 0); }
    else if (!strcmp(argv[1], "userfault")) {
        int u = syscall(SYS_userfaultfd, 1);
        struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP };
        struct uffdio_register range = { { (uint64_t)plain, 1 << 20 }, UFFDIO_REGISTER_MODE_MISSING, 0 };
        ok = u >= 0 && !ioctl(u, UFFDIO_API, &api) && !ioctl(u, UFFDIO_REGISTER, &range);
    }
    puts(ok ? "ready" : "failed"); fflush(stdout);
    for (unsigned n = 1;; n++) { plain[(n % 256) * 4096] = (char)n; usleep(200); }
}
