// A thread that sleeps with its stack pointer at a multiple of 4096, beside one that does not, and 16 MiB of written memory.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char memory[16 << 20];

static void *sleep_aligned(void *unused) {
    (void)unused;
    char *stack = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    // pause() with the stack pointer in the middle of the mapping, on a page border; never returns.
    __asm__ volatile("mov %0, %%rsp\n1: mov $34, %%eax\nsyscall\njmp 1b" ::"r"(stack + 32768) : "rax", "rcx", "r11", "memory");
    return 0;
}

int main(void) {
    getchar();
    memset(memory, 7, sizeof memory);
    pthread_t t;
    pthread_create(&t, 0, sleep_aligned, 0);
    usleep(20000);
    puts("ready"); fflush(stdout);
    for (;;) pause();
}
