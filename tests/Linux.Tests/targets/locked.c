// Memory that is locked: CRIU takes all of it into its images, whatever it is asked.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void) {
    getchar();
    char *memory = memset(malloc(1 << 20), 7, 1 << 20);
    puts(mlock(memory, 65536) == 0 ? "ready" : "refused"); fflush(stdout);
    for (;;) pause();
}
