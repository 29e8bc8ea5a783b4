/*
 * A container that keeps a history which a move could damage: every TICK_MS it writes the next number, in memory and into a file of its writable layer.
 *
 * usage: counter FILE PORT [PERMILLE MIB]
 *
 * With PERMILLE it is busy for about that share of a core, between half and one and a half times of it, drawn anew every few seconds; with MIB it writes so much memory at its start and a page of it at each tick.
 *
 * FILE begins with "born NONCE", NONCE drawn once: a program that was started a second time would write a second such line. Then a line for each number,
 * "NUMBER HASH", HASH = (the hash before * 31 + NUMBER) mod 2147483647, the one before the first being NONCE. The same pairs are kept in memory.
 *
 * On PORT each empty line is answered by "NONCE ANSWERED NUMBER", ANSWERED being the number of answers on this connection, and the line "all" by
 * "born NONCE" and all pairs that memory holds, then "end".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 100, NOISE_TICKS = 50, PAGE = 4096, MOST_NUMBERS = 1 << 18, MOST_CLIENTS = 16, LINE = 64, MODULUS = 2147483647 };

struct client {
  FILE *stream;
  uint64_t answered;
};

static uint32_t nonce, count, hashes[MOST_NUMBERS];
static struct client clients[MOST_CLIENTS];
static int file;

static void must(int well, const char *what) {
  if (!well) {
    perror(what);
    exit(1);
  }
}

static void append(const char *text) {
  ssize_t length = (ssize_t)strlen(text);
  must(write(file, text, (size_t)length) == length, "write");
}

static void next_number(void) {
  char line[LINE];
  uint64_t before = count ? hashes[count - 1] : nonce;
  must(count < MOST_NUMBERS, "too many numbers");
  hashes[count] = (uint32_t)((before * 31 + count + 1) % MODULUS);
  count++;
  snprintf(line, sizeof line, "%u %u\n", count, hashes[count - 1]);
  append(line);
}

/* Neither the load nor its noise is part of the history. */
static void burn(long permille, unsigned *seed, unsigned *until, long *now_permille) {
  struct timespec begun, now;
  if (permille == 0) {
    return;
  }
  if (count >= *until) {
    *until = count + NOISE_TICKS;
    *now_permille = permille / 2 + (long)(rand_r(seed) % (unsigned)(permille + 1));
  }
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begun);
  do {
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  } while ((now.tv_sec - begun.tv_sec) * 1000000000L + now.tv_nsec - begun.tv_nsec < *now_permille * TICK_MS * 1000L);
}

static void end_client(struct client *client) {
  fclose(client->stream);
  *client = (struct client){0};
}

/* One read is one question or several: clients wait for each answer. */
static void answer(struct client *client) {
  char text[LINE];
  ssize_t got = read(fileno(client->stream), text, sizeof text - 1);
  if (got <= 0) {
    end_client(client);
    return;
  }
  text[got] = 0;
  if (!strncmp(text, "all", 3)) {
    fprintf(client->stream, "born %u\n", nonce);
    for (uint32_t i = 0; i < count; i++) {
      fprintf(client->stream, "%u %u\n", i + 1, hashes[i]);
    }
    fprintf(client->stream, "end\n");
  } else {
    fprintf(client->stream, "%u %llu %u\n", nonce, (unsigned long long)++client->answered, count);
  }
  if (fflush(client->stream)) {
    end_client(client);
  }
}

static void take_client(int listener) {
  int fd = accept(listener, NULL, NULL);
  for (int i = 0; i < MOST_CLIENTS && fd >= 0; i++) {
    if (!clients[i].stream) {
      clients[i].stream = fdopen(fd, "w");
      must(clients[i].stream != NULL, "fdopen");
      return;
    }
  }
  if (fd >= 0) {
    close(fd);
  }
}

static int listen_on(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  must(fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) && !bind(fd, (struct sockaddr *)&any, sizeof any) && !listen(fd, MOST_CLIENTS), "listen");
  return fd;
}

int main(int words, char **word) {
  char line[LINE];
  struct itimerspec tick = {{0, TICK_MS * 1000000L}, {0, TICK_MS * 1000000L}};
  if (words != 3 && words != 5) {
    fprintf(stderr, "usage: counter FILE PORT [PERMILLE MIB]\n");
    return 64;
  }
  long permille = words == 5 ? atol(word[3]) : 0, now_permille = 0;
  size_t bytes = words == 5 ? (size_t)atol(word[4]) << 20 : 0;
  char *memory = bytes ? malloc(bytes) : NULL;
  must(bytes == 0 || memory != NULL, "malloc");
  if (memory) {
    memset(memory, 1, bytes);
  }
  signal(SIGPIPE, SIG_IGN);
  must(getrandom(&nonce, sizeof nonce, 0) == sizeof nonce, "getrandom");
  nonce %= MODULUS;
  unsigned seed = nonce, until = 0;
  file = open(word[1], O_WRONLY | O_CREAT | O_APPEND, 0644);
  must(file >= 0, word[1]);
  snprintf(line, sizeof line, "born %u\n", nonce);
  append(line);
  int listener = listen_on(atoi(word[2])), timer = timerfd_create(CLOCK_MONOTONIC, 0);
  must(timer >= 0 && !timerfd_settime(timer, 0, &tick, NULL), "timer");
  for (;;) {
    struct pollfd fds[2 + MOST_CLIENTS];
    uint64_t ticks;
    fds[0] = (struct pollfd){.fd = timer, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = listener, .events = POLLIN};
    for (int i = 0; i < MOST_CLIENTS; i++) {
      fds[2 + i] = (struct pollfd){.fd = clients[i].stream ? fileno(clients[i].stream) : -1, .events = POLLIN};
    }
    if (poll(fds, 2 + MOST_CLIENTS, -1) < 0) {
      continue;
    }
    for (int i = 0; i < MOST_CLIENTS; i++) {
      if (fds[2 + i].revents) {
        answer(&clients[i]);
      }
    }
    /* Ticks that were missed in a stop are not made up for: a number is written, not a time. */
    if (fds[0].revents && read(timer, &ticks, sizeof ticks) == sizeof ticks) {
      next_number();
      burn(permille, &seed, &until, &now_permille);
      if (memory) {
        memory[(size_t)count * PAGE % bytes]++;
      }
    }
    if (fds[1].revents) {
      take_client(listener);
    }
  }
}
