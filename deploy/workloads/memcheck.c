/*
 * A container whose memory tells by itself whether a move lost or mixed up a page.
 *
 * usage: memcheck MIB WRITES_PER_SECOND THREADS FILE [HOT_MIB]
 *
 * Every page holds its index, its version, a checksum and words generated from both, so that a page that is old, zero, torn or somebody
 * else's is recognised. What version a page must have is kept twice apart from it: in a table of its own, and as the sum over all versions
 * that each thread carries on its stack. Each write first checks the page it is about to replace. HOT_MIB limits the writes to that much
 * memory; the rest is written once. A full sweep over all pages runs on SIGUSR1 and every SWEEP_SECONDS. SIGUSR2 forgets the longest gap.
 *
 * FILE gets one line of JSON, replaced whole by rename, every REPORT_MS. The longest gap between two turns of a thread is told by two
 * clocks: real time, which shows a stop as a bystander sees it, and monotonic time, which must neither step back nor show more than real
 * time does. It also says where the pages are, so that an observer from outside can read those that no longer change (from hot_pages on).
 * Nothing is allocated after the start.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
    PAGE_BYTES = 4096,
    PAGE_WORDS = PAGE_BYTES / 8,
    HEADER_WORDS = 3,
    PAGES_PER_MIB = 256,
    MOST_THREADS = 64,
    TURN_MS = 2,          /* a thread writes what is due, then sleeps this long */
    CATCH_UP_MS = 20,     /* after a stop at most this much of the rate is made up for */
    REPORT_MS = 50,
    SWEEP_SECONDS = 30,
};

#define CACHE_LINE 64

struct worker {
    _Alignas(CACHE_LINE) pthread_t thread;
    unsigned number;
    _Atomic uint64_t writes, wrong, gap_real_us, gap_monotonic_us, steps_back;
    _Atomic uint32_t sweeps;
};

static uint64_t *pages;
static uint32_t *versions;
static uint64_t page_count, hot_count, writes_per_second;
static unsigned worker_count;
static struct worker workers[MOST_THREADS];
static _Atomic uint32_t sweeps_wanted;
static _Atomic uint32_t gap_epoch;

static uint64_t mix(uint64_t z)
{
    z += 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

static uint64_t next_word(uint64_t x)
{
    x ^= x << 13;
    x ^= x >> 7;
    return x ^ (x << 17);
}

static uint64_t first_word(uint64_t index, uint64_t version) { return mix(index * 0x10000001b3ull + version) | 1; }

static void write_page(uint64_t index, uint64_t version)
{
    uint64_t *page = pages + index * PAGE_WORDS, x = first_word(index, version), sum = 0;
    for (int i = HEADER_WORDS; i < PAGE_WORDS; i++) {
        page[i] = x;
        sum += x;
        x = next_word(x);
    }
    page[0] = index;
    page[1] = version;
    page[2] = sum;
}

static int page_is_right(uint64_t index, uint64_t version)
{
    const uint64_t *page = pages + index * PAGE_WORDS;
    uint64_t x = first_word(index, version), sum = 0;
    if (page[0] != index || page[1] != version) return 0;
    for (int i = HEADER_WORDS; i < PAGE_WORDS; i++) {
        if (page[i] != x) return 0;
        sum += x;
        x = next_word(x);
    }
    return page[2] == sum;
}

static int64_t microseconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void sleep_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&t, &t) != 0 && errno == EINTR) {
    }
}

/* Pages of worker w are those whose index leaves w when divided by the number of workers, so no page has two writers. */
static void sweep(struct worker *w, uint64_t expected_sum)
{
    uint64_t wrong = 0, sum = 0;
    for (uint64_t i = w->number; i < page_count; i += worker_count) {
        sum += versions[i];
        if (!page_is_right(i, versions[i])) wrong++;
    }
    if (sum != expected_sum) wrong++;
    w->wrong += wrong;
}

static void note_gap(_Atomic uint64_t *most, int64_t gap)
{
    if (gap > 0 && (uint64_t)gap > *most) *most = (uint64_t)gap;
}

static void *work(void *argument)
{
    struct worker *w = argument;
    uint64_t random = mix(w->number + 1) | 1, sum_of_versions = 0;
    uint64_t own_hot = (hot_count + worker_count - 1 - w->number) / worker_count;
    double due = 0, per_us = (double)writes_per_second / worker_count / 1e6;
    int64_t real = microseconds(CLOCK_REALTIME), monotonic = microseconds(CLOCK_MONOTONIC);
    uint32_t epoch = gap_epoch;

    for (;;) {
        int64_t real_now = microseconds(CLOCK_REALTIME), monotonic_now = microseconds(CLOCK_MONOTONIC);
        int64_t elapsed = monotonic_now - monotonic;
        if (epoch != gap_epoch) {
            epoch = gap_epoch;
            w->gap_real_us = w->gap_monotonic_us = 0;
        }
        if (elapsed < 0) w->steps_back++;
        note_gap(&w->gap_real_us, real_now - real);
        note_gap(&w->gap_monotonic_us, elapsed);
        real = real_now;
        monotonic = monotonic_now;

        due += (elapsed < CATCH_UP_MS * 1000 ? elapsed : CATCH_UP_MS * 1000) * per_us;
        for (; due >= 1 && own_hot > 0; due -= 1) {
            random = next_word(random);
            uint64_t i = w->number + random % own_hot * worker_count;
            if (!page_is_right(i, versions[i])) w->wrong++;
            versions[i]++;
            sum_of_versions++;
            write_page(i, versions[i]);
            w->writes++;
        }
        if (w->sweeps != sweeps_wanted) {
            uint32_t wanted = sweeps_wanted;
            sweep(w, sum_of_versions);
            w->sweeps = wanted;
            real = microseconds(CLOCK_REALTIME); /* the sweep's own time is no gap */
            monotonic = microseconds(CLOCK_MONOTONIC);
        }
        sleep_ms(TURN_MS);
    }
    return NULL;
}

static void on_signal(int signal)
{
    if (signal == SIGUSR1) sweeps_wanted++;
    else gap_epoch++;
}

static void report(const char *file, const char *next_file)
{
    uint64_t writes = 0, wrong = 0, real = 0, monotonic = 0, back = 0;
    uint32_t sweeps = UINT32_MAX;
    char line[512];
    for (unsigned i = 0; i < worker_count; i++) {
        struct worker *w = &workers[i];
        writes += w->writes;
        wrong += w->wrong;
        back += w->steps_back;
        if (w->gap_real_us > real) real = w->gap_real_us;
        if (w->gap_monotonic_us > monotonic) monotonic = w->gap_monotonic_us;
        if (w->sweeps < sweeps) sweeps = w->sweeps;
    }
    int length = snprintf(line, sizeof line,
        "{\"pages\":%llu,\"hot_pages\":%llu,\"pages_at\":%llu,\"writes\":%llu,\"wrong_pages\":%llu,\"sweeps\":%u,\"sweeps_wanted\":%u,"
        "\"gap_real_us\":%llu,\"gap_monotonic_us\":%llu,\"clock_steps_back\":%llu}\n",
        (unsigned long long)page_count, (unsigned long long)hot_count, (unsigned long long)(uintptr_t)pages, (unsigned long long)writes, (unsigned long long)wrong, sweeps, sweeps_wanted,
        (unsigned long long)real, (unsigned long long)monotonic, (unsigned long long)back);
    int fd = open(next_file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || write(fd, line, (size_t)length) != length || close(fd) != 0 || rename(next_file, file) != 0) {
        perror(file);
        _exit(1);
    }
}

static uint64_t number(const char *text, const char *what, uint64_t least, uint64_t most)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || *end != 0 || end == text || value < least || value > most) {
        fprintf(stderr, "memcheck: %s must be %llu to %llu, not '%s'\n", what, (unsigned long long)least, (unsigned long long)most, text);
        exit(64);
    }
    return value;
}

static void *map(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) {
        perror("memcheck: mmap");
        exit(1);
    }
    return at;
}

int main(int count, char **argument)
{
    static char next_file[4096];
    if (count < 5 || count > 6) {
        fprintf(stderr, "usage: memcheck MIB WRITES_PER_SECOND THREADS FILE [HOT_MIB]\n");
        return 64;
    }
    uint64_t mib = number(argument[1], "MIB", 1, 1 << 20);
    page_count = mib * PAGES_PER_MIB;
    writes_per_second = number(argument[2], "WRITES_PER_SECOND", 0, 10000000);
    worker_count = (unsigned)number(argument[3], "THREADS", 1, MOST_THREADS);
    const char *file = argument[4];
    hot_count = count == 6 ? number(argument[5], "HOT_MIB", 1, mib) * PAGES_PER_MIB : page_count;
    snprintf(next_file, sizeof next_file, "%s.next", file);

    pages = map(page_count * PAGE_BYTES);
    versions = map(page_count * sizeof *versions);
    for (uint64_t i = 0; i < page_count; i++) write_page(i, 0);

    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    for (unsigned i = 0; i < worker_count; i++) {
        workers[i].number = i;
        int error = pthread_create(&workers[i].thread, NULL, work, &workers[i]);
        if (error != 0) {
            fprintf(stderr, "memcheck: pthread_create: %s\n", strerror(error));
            return 1;
        }
    }
    for (uint64_t turn = 1;; turn++) {
        report(file, next_file);
        sleep_ms(REPORT_MS);
        if (turn % (SWEEP_SECONDS * 1000 / REPORT_MS) == 0) sweeps_wanted++;
    }
}
