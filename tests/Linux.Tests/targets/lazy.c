// A process whose memory comes lazily, prepared as CRIU's restorer does it: userfaultfd in missing mode over its region, the
// descriptor handed to the pager on lazy-pages.socket and closed here, "restore finished" sent, then a gate.
//   lazy SOCKET IMAGE_PID BASE PAGES MODE      MODE: read | churn | forks | sweep
// Waits for a line on standard input, then uses every page and prints "bad N".
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

typedef uint64_t u64;
enum { PAGE = 4096, BLOCK = 64 };

static u64 base, pages;
static u64 bad;

static u64 mix(u64 z) { z += 0x9e3779b97f4a7c15ull; z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull; z = (z ^ (z >> 27)) * 0x94d049bb133111ebull; return z ^ (z >> 31); }
static u64 word(u64 page, u64 k) { return page % 16 == 5 ? 0 : mix(page) + k * 0x9e3779b97f4a7c15ull; }

static void die(const char *what) { perror(what); exit(2); }

// One page at p must hold what belongs to page number i, from word k on.
static void check(const u64 *p, u64 i, u64 from, const char *what)
{
    for (u64 k = from; k < PAGE / 8; k++)
        if (p[k] != word(i, k)) {
            if (__atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED) < 5) fprintf(stderr, "%s: page %lu word %lu is %lx, not %lx\n", what, i, k, p[k], word(i, k));
            return;
        }
}

static void zero(const u64 *p, u64 i, const char *what)
{
    for (u64 k = 0; k < PAGE / 8; k++)
        if (p[k]) {
            if (__atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED) < 5) fprintf(stderr, "%s: page %lu word %lu is %lx, not 0\n", what, i, k, p[k]);
            return;
        }
}

static u64 *at(u64 i) { return (u64 *)(base + i * PAGE); }

static void *reader(void *arg)
{
    u64 x = 88172645463325252ull + (u64)arg;
    for (u64 n = 0; n < pages; n++) {
        x ^= x << 13; x ^= x >> 7; x ^= x << 17;
        check(at(x % pages), x % pages, 0, "random read");
    }
    return NULL;
}

static void read_all(const char *what) { for (u64 i = 0; i < pages; i++) check(at(i), i, 0, what); }

static void child_reads(u64 blocks)
{
    pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) {
        bad = 0;
        // Blocks of kind 0, 6 and 7 are never changed by the parent before the end.
        for (u64 b = blocks; b-- > 0;)
            if (b % 8 == 0 || b % 8 >= 6)
                for (u64 i = 0; i < BLOCK; i++) check(at(b * BLOCK + i), b * BLOCK + i, 0, "child");
        _exit(bad ? 1 : 0);
    }
    int status;
    if (waitpid(child, &status, 0) != child || status != 0) bad++;
}

static void block(u64 b, u64 blocks, int forks)
{
    u64 first = b * BLOCK;
    u64 *p = at(first);
    switch (b % 8) {
    case 0:
        for (u64 i = 0; i < BLOCK; i++) check(at(first + i), first + i, 0, "read");
        break;
    case 1:
        if (madvise(p, BLOCK * PAGE, MADV_DONTNEED)) die("madvise");
        for (u64 i = 0; i < BLOCK; i++) zero(at(first + i), first + i, "discarded");
        break;
    case 2:
        if (munmap(p, BLOCK * PAGE)) die("munmap");
        if (mmap(p, BLOCK * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != p) die("mmap");
        for (u64 i = 0; i < BLOCK; i++) zero(at(first + i), first + i, "mapped anew");
        break;
    case 3: {
        u64 *q = mremap(p, BLOCK * PAGE, BLOCK * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)(base + (pages + first) * PAGE));
        if (q == MAP_FAILED) die("mremap");
        for (u64 i = 0; i < BLOCK; i++) check(q + i * 512, first + i, 0, "moved");
        break;
    }
    case 4:
        for (u64 i = 0; i < BLOCK; i++) { at(first + i)[0] = 42; check(at(first + i), first + i, 1, "written"); }
        break;
    case 5: {
        u64 *q = mremap(p, BLOCK * PAGE, BLOCK * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, (void *)(base + (pages + first) * PAGE));
        if (q == MAP_FAILED) die("mremap dontunmap");
        for (u64 i = 0; i < BLOCK; i++) zero(at(first + i), first + i, "left behind");
        for (u64 i = 0; i < BLOCK; i++) check(q + i * 512, first + i, 0, "moved away");
        break;
    }
    case 6:
        if (forks) child_reads(blocks);
        break;
    }
}

static void churn(void)
{
    u64 blocks = pages / BLOCK;
    // In an order far from the fill's, so that it meets blocks before the fill does.
    u64 forks = 0;
    for (u64 n = 0; n < blocks; n++) {
        u64 b = (n * 7919 + 3) % blocks;
        block(b, blocks, b % 8 == 6 && forks < 4 && n > blocks / 8 * forks ? (int)++forks : 0);
    }
    for (u64 b = 0; b < blocks; b++)
        if (b % 8 == 0 || b % 8 >= 6)
            for (u64 i = 0; i < BLOCK; i++) check(at(b * BLOCK + i), b * BLOCK + i, 0, "at the end");
}

static void hand_over(const char *path, int image_pid)
{
    struct uffdio_api api = {.api = UFFD_API, .features = UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_UNMAP | UFFD_FEATURE_EVENT_REMOVE};
    int uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
    if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api)) die("userfaultfd");

    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    int sk = socket(AF_UNIX, SOCK_STREAM, 0);
    strncpy(sun.sun_path, path, sizeof sun.sun_path - 1);
    if (connect(sk, (void *)&sun, sizeof sun)) die("connect");
    if (send(sk, &image_pid, sizeof image_pid, 0) != sizeof image_pid) die("send");
    char dummy = 0, control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec iov = {&dummy, 1};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *h = CMSG_FIRSTHDR(&msg);
    h->cmsg_level = SOL_SOCKET; h->cmsg_type = SCM_RIGHTS; h->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(h), &uffd, sizeof uffd);
    if (sendmsg(sk, &msg, 0) != 1) die("sendmsg");

    // Two mappings side by side, as different protections make them: one ioctl must not span both.
    struct uffdio_register reg = {.range = {base, pages * PAGE}, .mode = UFFDIO_REGISTER_MODE_MISSING};
    if (ioctl(uffd, UFFDIO_REGISTER, &reg)) die("UFFDIO_REGISTER");
    close(uffd);
    uint32_t fin = 0x52535446;
    if (send(sk, &fin, sizeof fin, 0) != sizeof fin) die("send");
    close(sk);
}

// Children that come and go before anything is filled in.
static void forks(void)
{
    for (u64 n = 0; n < 2000; n++) {
        pid_t child = fork();
        if (child < 0) die("fork");
        if (child == 0) {
            bad = 0;
            check(at(n % pages), n % pages, 0, "short-lived child");
            _exit(bad ? 1 : 0);
        }
        int status;
        if (waitpid(child, &status, 0) != child || status != 0) bad++;
    }
    read_all("after the forks");
}

// A child that lives on while so many others end that the pager looks which of them are gone.
static void sweep(void)
{
    int go[2];
    if (pipe(go)) die("pipe");
    pid_t lives = fork();
    if (lives < 0) die("fork");
    if (lives == 0) {
        char word;
        bad = 0;
        if (read(go[0], &word, 1) != 1) die("read");
        read_all("living child");
        _exit(bad ? 1 : 0);
    }
    for (int n = 0; n < 300; n++) {
        pid_t child = fork();
        if (child < 0) die("fork");
        if (child == 0) _exit(0);
        int status;
        if (waitpid(child, &status, 0) != child || status != 0) bad++;
    }
    if (write(go[1], "r", 1) != 1) die("write");
    int status;
    if (waitpid(lives, &status, 0) != lives || status != 0) bad++;
    read_all("after the sweep");
}

int main(int c, char **v)
{
    if (c != 6) return 2;
    base = strtoull(v[3], 0, 0);
    pages = strtoull(v[4], 0, 0);
    if (mmap((void *)base, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED) die("mmap");
    if (madvise((void *)(base + pages / 2 * PAGE), pages / 4 * PAGE, MADV_NOHUGEPAGE)) die("madvise");
    hand_over(v[1], atoi(v[2]));
    if (getchar() == EOF) return 3;
    if (!strcmp(v[5], "churn")) churn();
    else if (!strcmp(v[5], "forks")) forks();
    else if (!strcmp(v[5], "sweep")) sweep();
    else {
        pthread_t t[2];
        for (u64 i = 0; i < 2; i++) pthread_create(&t[i], 0, reader, (void *)i);
        for (int i = 0; i < 2; i++) pthread_join(t[i], 0);
        read_all("last sweep");
    }
    printf("bad %lu\n", bad);
    return bad != 0;
}
