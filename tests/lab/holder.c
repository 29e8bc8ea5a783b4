/*
 * A container that holds one thing which cannot be carried to another host, and echoes lines on a TCP port.
 *
 * usage: holder nothing|direct|inotify|mqueue|mptcp|landlock|vsock PORT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_CLIENTS = 16, IPPROTO_OF_MPTCP = 262, LANDLOCK_CREATE_RULESET = 444, LANDLOCK_EXECUTE = 1 };

static int take(const char *what) {
  if (!strcmp(what, "nothing")) {
    return 0;
  }
  if (!strcmp(what, "direct")) {
    return open("/direct", O_CREAT | O_RDWR | O_DIRECT, 0600);
  }
  if (!strcmp(what, "inotify")) {
    int fd = inotify_init();
    return fd < 0 || inotify_add_watch(fd, "/tmp", IN_CREATE) < 0 ? -1 : fd;
  }
  if (!strcmp(what, "mqueue")) {
    return mq_open("/queue", O_CREAT | O_RDWR, 0600, NULL);
  }
  if (!strcmp(what, "mptcp")) {
    return socket(AF_INET, SOCK_STREAM, IPPROTO_OF_MPTCP);
  }
  if (!strcmp(what, "landlock")) {
    uint64_t handled = LANDLOCK_EXECUTE;
    return (int)syscall(LANDLOCK_CREATE_RULESET, &handled, sizeof handled, 0);
  }
  if (!strcmp(what, "vsock")) {
    return socket(AF_VSOCK, SOCK_STREAM, 0);
  }
  errno = EINVAL;
  return -1;
}

static int listen_on(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) || bind(fd, (struct sockaddr *)&any, sizeof any) || listen(fd, MAX_CLIENTS)) {
    perror("listen");
    exit(1);
  }
  return fd;
}

int main(int count, char **words) {
  struct pollfd fds[1 + MAX_CLIENTS] = {0};
  char bytes[4096];
  if (count != 3 || take(words[1]) < 0) {
    fprintf(stderr, "holder: %s: %s\n", count > 1 ? words[1] : "usage", strerror(errno));
    return 1;
  }
  fds[0] = (struct pollfd){.fd = listen_on(atoi(words[2])), .events = POLLIN};
  for (int i = 1; i <= MAX_CLIENTS; i++) {
    fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
  }
  for (;;) {
    if (poll(fds, 1 + MAX_CLIENTS, -1) < 0) {
      continue;
    }
    for (int i = 1; i <= MAX_CLIENTS; i++) {
      if (fds[i].fd >= 0 && fds[i].revents) {
        ssize_t got = read(fds[i].fd, bytes, sizeof bytes);
        if (got <= 0 || write(fds[i].fd, bytes, (size_t)got) != got) {
          close(fds[i].fd);
          fds[i].fd = -1;
        }
      }
    }
    if (fds[0].revents) {
      int client = accept(fds[0].fd, NULL, NULL);
      for (int i = 1; i <= MAX_CLIENTS && client >= 0; i++) {
        if (fds[i].fd < 0) {
          fds[i].fd = client;
          client = -1;
        }
      }
    }
  }
}
