/*
 * Preloaded into `criu dump` with skeleton.c: a connection is in repair for the microseconds of one question, and not for the rest of the dump.
 *
 * CRIU takes every connection of the container into repair (TCP_REPAIR) to read its sequence numbers and queues, and lets go of them at its end. A criu that is
 * killed in between lets the tasks run on with sockets that answer every read with EPERM and every write with EINVAL: the program closes them, and its
 * clients are cut off. The container stands and its port is unplugged, so nothing changes between two questions, and repair need not last from one to the next.
 *
 * What needs repair (net/ipv4/tcp.c): TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ, TCP_REPAIR_WINDOW, TCP_MAXSEG as it was agreed, and reading a queue without taking from it.
 * A question that a later CRIU adds fails with EPERM, which fails the dump and leaves everything as it was.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/tcp.h, Linux 4.19 and later: without a window probe, which would go nowhere. */
#define REPAIR_OFF (-1)

/* Asked for by CRIU and not let go of yet: which descriptors, and which queue of each is being read. It has some thousands at most. */
#define DESCRIPTORS 65536
static unsigned char paused[DESCRIPTORS];
static unsigned char queue_of[DESCRIPTORS];

static int is_paused(int fd) { return fd >= 0 && fd < DESCRIPTORS && paused[fd]; }

static int set(int fd, int level, int name, int value)
{
    return (int)syscall(SYS_setsockopt, fd, level, name, &value, sizeof value);
}

/* The kernel puts another SO_REUSEADDR while a socket is in repair, and none afterwards. */
static int enter(int fd, int *reuse)
{
    socklen_t length = sizeof *reuse;
    if (syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_REUSEADDR, reuse, &length) != 0 || set(fd, IPPROTO_TCP, TCP_REPAIR, 1) != 0)
        return -1;
    return queue_of[fd] == TCP_NO_QUEUE ? 0 : set(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, queue_of[fd]);
}

static void leave(int fd, int reuse)
{
    int error = errno;
    set(fd, IPPROTO_TCP, TCP_REPAIR, REPAIR_OFF);
    set(fd, SOL_SOCKET, SO_REUSEADDR, reuse);
    errno = error;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
    int word = 0, reuse;
    if (level != IPPROTO_TCP || (name != TCP_REPAIR && name != TCP_REPAIR_QUEUE) || length != sizeof word || fd < 0 || fd >= DESCRIPTORS || !getenv("AMIG_SKELETON"))
        return (int)syscall(SYS_setsockopt, fd, level, name, value, length);
    memcpy(&word, value, sizeof word);
    if (name == TCP_REPAIR_QUEUE) {
        if (!paused[fd]) {
            errno = EPERM;
            return -1;
        }
        queue_of[fd] = (unsigned char)word;
    } else {
        paused[fd] = word == 1;
        queue_of[fd] = TCP_NO_QUEUE;
        if (word != 1)
            return 0;
    }
    /* What the kernel would say to it, CRIU hears. */
    int result = enter(fd, &reuse);
    leave(fd, reuse);
    if (result != 0)
        paused[fd] = 0;
    return result;
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *length)
{
    int reuse;
    if (level != IPPROTO_TCP || (name != TCP_QUEUE_SEQ && name != TCP_REPAIR_WINDOW && name != TCP_MAXSEG) || !is_paused(fd))
        return (int)syscall(SYS_getsockopt, fd, level, name, value, length);
    int result = enter(fd, &reuse);
    if (result == 0)
        result = (int)syscall(SYS_getsockopt, fd, level, name, value, length);
    leave(fd, reuse);
    return result;
}

ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
    int reuse;
    if (!(flags & MSG_PEEK) || !is_paused(fd))
        return syscall(SYS_recvfrom, fd, buffer, size, flags, NULL, NULL);
    ssize_t result = enter(fd, &reuse);
    if (result == 0)
        result = syscall(SYS_recvfrom, fd, buffer, size, flags, NULL, NULL);
    leave(fd, reuse);
    return result;
}

/* The number may be another socket's afterwards. */
int close(int fd)
{
    if (is_paused(fd))
        paused[fd] = 0;
    return (int)syscall(SYS_close, fd);
}
