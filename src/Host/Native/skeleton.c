/*
 * Preloaded into `criu dump` by the source (src/Host/Linux/Criu/SkeletonPages.cs): keeps pages that the page stream has carried already away
 * from CRIU. With --lazy-pages CRIU leaves the content of private anonymous memory out of its images, but still takes every page into
 * pipes first, which costs about 130 ms of the stop per GiB. It finds pages with PAGEMAP_SCAN only. What is hidden here is written down
 * exactly as CRIU would have seen it, and the source adds it to CRIU's pagemap images as lazy runs.
 *
 * The other thing that takes longer the more memory there is: CRIU reads /proc/PID/smaps for the flags of the mappings, and the kernel counts all pages for
 * it, about 30 ms per GiB. The source has read it already, beside other work, and compared it with /proc/PID/maps since.
 *
 * AMIG_SKELETON names a directory. PID.hide in it holds ranges as pairs of u64 (start, end), ascending; PID.hidden gets the runs that
 * were found and hidden, in the same form; PID.smaps is what CRIU gets for /proc/PID/smaps. Without the variable, or without a file for a process, nothing is changed.
 * What does not fit into CRIU's answer stays in it: too little hidden costs time, never a page.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/fs.h, Linux 6.7 and later. */
#define PAGEMAP_SCAN 0xC0606610UL

struct page_region {
    uint64_t start, end, categories;
};

struct pm_scan_arg {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

struct range {
    uint64_t start, end;
};

/* The process whose pages are being looked at; CRIU goes through them one after the other. */
static struct {
    long pid;
    struct range *hide;
    size_t count;
    int hidden;
} current = { .pid = -1, .hidden = -1 };

/* The process whose directory in /proc, or file `suffix` below it, a descriptor is; -1 for anything else. */
static long owner_of(int fd, const char *suffix)
{
    char link[64], path[256];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    ssize_t behind = (ssize_t)strlen(suffix);
    if (length <= behind || memcmp(path + length - behind, suffix, (size_t)behind) != 0)
        return -1;
    path[length - behind] = 0;
    char *pid = strrchr(path, '/');
    char *end;
    long number = pid ? strtol(pid + 1, &end, 10) : -1;
    return pid && end != pid + 1 && *end == 0 ? number : -1;
}

static void forget(void)
{
    free(current.hide);
    if (current.hidden >= 0)
        close(current.hidden);
    current.hide = NULL;
    current.count = 0;
    current.hidden = -1;
}

static void load(long pid)
{
    char path[4096];
    struct stat status;
    const char *directory = getenv("AMIG_SKELETON");
    forget();
    current.pid = pid;
    snprintf(path, sizeof path, "%s/%ld.hide", directory, pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &status) == 0 && status.st_size > 0 && (current.hide = malloc((size_t)status.st_size)) != NULL
        && read(fd, current.hide, (size_t)status.st_size) == status.st_size)
        current.count = (size_t)status.st_size / sizeof(struct range);
    close(fd);
    snprintf(path, sizeof path, "%s/%ld.hidden", directory, pid);
    if (current.count > 0 && (current.hidden = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) < 0)
        current.count = 0;
}

/* The first range that ends behind `start`. */
static size_t first_behind(uint64_t start)
{
    size_t low = 0, high = current.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (current.hide[middle].end <= start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Takes out of the answer what is to be hidden; the new number of regions, -1 when nothing may be taken out, -2 when the record is broken. */
static long filter(struct page_region *regions, long count, uint64_t room)
{
    struct page_region *seen = malloc((room + 1) * sizeof *seen);
    struct range *hidden = malloc((room + 1) * sizeof *hidden);
    uint64_t seen_count = 0, hidden_count = 0;
    long result = -1;
    if (!seen || !hidden)
        goto out;
    for (long i = 0; i < count; i++) {
        uint64_t at = regions[i].start;
        for (size_t j = first_behind(at); at < regions[i].end && j < current.count && current.hide[j].start < regions[i].end; j++) {
            struct range *range = &current.hide[j];
            uint64_t from = range->start > at ? range->start : at;
            uint64_t to = range->end < regions[i].end ? range->end : regions[i].end;
            if (seen_count == room || hidden_count == room)
                goto out;
            if (from > at)
                seen[seen_count++] = (struct page_region){ at, from, regions[i].categories };
            hidden[hidden_count++] = (struct range){ from, to };
            at = to;
        }
        if (at < regions[i].end) {
            if (seen_count == room)
                goto out;
            seen[seen_count++] = (struct page_region){ at, regions[i].end, regions[i].categories };
        }
    }
    ssize_t bytes = (ssize_t)(hidden_count * sizeof *hidden);
    off_t before = lseek(current.hidden, 0, SEEK_END);
    if (bytes > 0 && (before < 0 || write(current.hidden, hidden, (size_t)bytes) != bytes)) {
        /* A part of a record would shift all that follow. What cannot be taken back ends the dump. */
        if (before < 0 || ftruncate(current.hidden, before) != 0)
            result = -2;
        goto out;
    }
    memcpy(regions, seen, seen_count * sizeof *seen);
    result = (long)seen_count;
out:
    free(seen);
    free(hidden);
    return result;
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    long result = syscall(SYS_ioctl, fd, request, argument);
    if (result <= 0 || request != PAGEMAP_SCAN || !getenv("AMIG_SKELETON"))
        return (int)result;
    struct pm_scan_arg *scan = argument;
    long pid = owner_of(fd, "/pagemap");
    if (pid < 0 || scan->vec == 0)
        return (int)result;
    if (pid != current.pid)
        load(pid);
    if (current.count == 0)
        return (int)result;
    long left = filter((struct page_region *)(uintptr_t)scan->vec, result, scan->vec_len);
    if (left == -2) {
        errno = EIO;
        return -1;
    }
    return (int)(left < 0 ? result : left);
}

int openat(int directory, const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    int mode = va_arg(arguments, int);
    va_end(arguments);
    if (strcmp(path, "smaps") == 0 && getenv("AMIG_SKELETON")) {
        char kept[4096];
        long pid = owner_of(directory, "");
        snprintf(kept, sizeof kept, "%s/%ld.smaps", getenv("AMIG_SKELETON"), pid);
        long fd = pid < 0 ? -1 : syscall(SYS_openat, AT_FDCWD, kept, flags);
        if (fd >= 0)
            return (int)fd;
    }
    return (int)syscall(SYS_openat, directory, path, flags, mode);
}

int openat64(int directory, const char *path, int flags, ...) __attribute__((alias("openat")));
