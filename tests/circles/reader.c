/*
 * The client of all counters: one connection to each, from the first moment to the last, on which it asks again EVERY_MS after each answer. An answer must come from
 * the same process as the one before (its nonce), be the next on this connection, and tell no smaller number.
 *
 * usage: reader PORT ADDRESS...        ends by SIGTERM; prints a line of JSON per address then, in this order. Exit code 1 if a connection broke or an answer was wrong.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVERY_MS = 50, MOST = 64, LINE = 256 };

struct connection {
  const char *address;
  int fd;
  int waits;               /* for an answer */
  long long heard;         /* when, milliseconds of a monotonic clock */
  long long gap, gap_at;   /* longest time between two answers, and when it ended, milliseconds of the wall clock */
  unsigned long long nonce, answered, number;
  size_t length;
  char text[LINE], fault[LINE];
};

static struct connection all[MOST];
static volatile sig_atomic_t over;

static void ends(int signal) {
  (void)signal;
  over = 1;
}

static long long now_ms(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void gives_up(struct connection *one, const char *why) {
  snprintf(one->fault, sizeof one->fault, "%s", why);
  close(one->fd);
  one->fd = -1;
}

static void begin(struct connection *one, int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  one->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (one->fd < 0 || inet_pton(AF_INET, one->address, &to.sin_addr) != 1 || connect(one->fd, (struct sockaddr *)&to, sizeof to)) {
    gives_up(one, strerror(errno));
  }
  one->heard = now_ms(CLOCK_MONOTONIC);
}

static void ask(struct connection *one) {
  if (write(one->fd, "\n", 1) != 1) {
    gives_up(one, strerror(errno));
    return;
  }
  one->waits = 1;
}

static void look_at(struct connection *one) {
  unsigned long long nonce, answered, number;
  char why[LINE];
  long long now = now_ms(CLOCK_MONOTONIC);
  if (sscanf(one->text, "%llu %llu %llu", &nonce, &answered, &number) != 3) {
    gives_up(one, "the answer cannot be read");
  } else if (answered != one->answered + 1 || number < one->number || (one->answered && nonce != one->nonce)) {
    snprintf(why, sizeof why, "after answer %llu of process %llu at number %llu came %llu of %llu at %llu", one->answered, one->nonce, one->number, answered, nonce, number);
    gives_up(one, why);
  } else {
    if (now - one->heard > one->gap) {
      one->gap = now - one->heard;
      one->gap_at = now_ms(CLOCK_REALTIME);
    }
    one->nonce = nonce, one->answered = answered, one->number = number, one->heard = now;
  }
  one->waits = 0;
  one->length = 0;
}

static void hear(struct connection *one) {
  ssize_t got = read(one->fd, one->text + one->length, sizeof one->text - 1 - one->length);
  if (got <= 0) {
    gives_up(one, got ? strerror(errno) : "the connection was closed");
    return;
  }
  one->length += (size_t)got;
  one->text[one->length] = 0;
  if (strchr(one->text, '\n')) {
    look_at(one);
  } else if (one->length == sizeof one->text - 1) {
    gives_up(one, "an answer without an end");
  }
}

/* What it waits for at the end counts as a pause too. */
static int tell(struct connection *one) {
  long long silent = now_ms(CLOCK_MONOTONIC) - one->heard;
  if (!one->fault[0] && silent > one->gap) {
    one->gap = silent;
    one->gap_at = now_ms(CLOCK_REALTIME);
  }
  printf("{\"address\":\"%s\",\"process\":%llu,\"answers\":%llu,\"number\":%llu,\"gap_ms_max\":%lld,\"gap_ended_unix_ms\":%lld,\"broken\":\"%s\"}\n", one->address, one->nonce,
         one->answered, one->number, one->gap, one->gap_at, one->fault);
  return one->fault[0] != 0;
}

int main(int words, char **word) {
  int count = words - 2, bad = 0;
  if (count < 1 || count > MOST) {
    fprintf(stderr, "usage: reader PORT ADDRESS...        (%d addresses at most)\n", MOST);
    return 64;
  }
  struct sigaction act = {.sa_handler = ends};
  sigaction(SIGTERM, &act, NULL);
  signal(SIGPIPE, SIG_IGN);
  for (int i = 0; i < count; i++) {
    all[i].address = word[2 + i];
    begin(&all[i], atoi(word[1]));
  }
  while (!over) {
    struct pollfd fds[MOST];
    for (int i = 0; i < count; i++) {
      if (all[i].fd >= 0 && !all[i].waits && now_ms(CLOCK_MONOTONIC) - all[i].heard >= EVERY_MS) {
        ask(&all[i]);
      }
      fds[i] = (struct pollfd){.fd = all[i].fd, .events = POLLIN};
    }
    if (poll(fds, (nfds_t)count, EVERY_MS / 5) <= 0) {
      continue;
    }
    for (int i = 0; i < count; i++) {
      if (all[i].fd >= 0 && fds[i].revents) {
        hear(&all[i]);
      }
    }
  }
  for (int i = 0; i < count; i++) {
    bad |= tell(&all[i]);
  }
  return bad;
}
