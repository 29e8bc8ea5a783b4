// Changes a tree without a pause, each step another kind of change, names few enough to meet again at once. churn DIRECTORY SEED
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *names[] = {"a", "b", "c", "d", "e", "d/a", "d/b", "d/e", "d/e/a", "d/e/b", "e/a", "e/d", "e/d/b", "f", "g", "f/a", "f/b", "f/g", "f/g/a", "f/g/b"};
enum { NAMES = sizeof names / sizeof *names, FILE_BYTES = 200000 };

static int removed(const char *path, const struct stat *stat, int type, struct FTW *at) { remove(path); return 0; }
static void clear(const char *path) { nftw(path, removed, 8, FTW_DEPTH | FTW_PHYS); }

static void put(const char *path, int flags, off_t at, size_t length, unsigned seed) {
    static char bytes[FILE_BYTES];
    int file = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | flags, 0644);
    if (file < 0) return;
    for (size_t i = 0; i < length; i += 4) { seed = seed * 1664525 + 1013904223; memcpy(bytes + i, &seed, 4); }
    if (flags & O_APPEND) write(file, bytes, length); else pwrite(file, bytes, length, at);
    close(file);
}

int main(int argc, char **argv) {
    if (chdir(argv[1])) return 1;
    unsigned seed = atoi(argv[2]);
    char text[16];
    for (unsigned n = 1;; n++) {
        const char *one = names[rand_r(&seed) % NAMES], *two = names[rand_r(&seed) % NAMES];
        unsigned r = rand_r(&seed);
        int length = snprintf(text, sizeof text, "%u", n % 10);
        switch (rand_r(&seed) % 20) {
        case 0: case 1: mkdir(one, 0755); break;
        case 2: if (r % 4 == 0) clear(one); break;
        case 3: if (r % 2 == 0) clear(two); rename(one, two); break;
        case 4: case 5: rename(one, two); break;
        case 6: renameat2(AT_FDCWD, one, AT_FDCWD, two, RENAME_EXCHANGE); break;
        case 7: link(one, two); break;
        case 8: unlink(two); link(one, two); break;
        case 9: unlink(one); symlink(text, one); break;
        case 10: unlink(one); mkfifo(one, 0600); break;
        case 11: put(one, O_APPEND, 0, 8 + r % 64, r); break;
        case 12: put(one, O_TRUNC, 0, r % FILE_BYTES / 8 * 4, r); break;
        case 13: put(one, 0, r % (4 * FILE_BYTES), 4 + r % 4096 / 4 * 4, r); break;
        case 14: if (truncate(one, r % (3 * FILE_BYTES))) {} break;
        case 15: { int f = open(one, O_WRONLY | O_NOFOLLOW | O_NONBLOCK); if (f >= 0) { fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, r % FILE_BYTES, 70000); close(f); } break; }
        case 16: fchmodat(AT_FDCWD, one, 0600 | r % 0200, AT_SYMLINK_NOFOLLOW); break;
        case 17: if (lchown(one, r % 9, r % 5)) {} break;
        case 18: lsetxattr(one, r & 1 ? "user.one" : "user.two", text, length, 0); break;
        case 19: lremovexattr(one, r & 1 ? "user.one" : "user.two"); break;
        }
    }
}
