/*
 * Watches all copies of containers on all hosts of a lab from outside, and writes a line whenever the set of copies of one of them changes:
 *
 *   MILLISECONDS RUNNING [NAME] HOST:COPY=STATE...        milliseconds of the wall clock; RUNNING is the number of copies that run; NAME only if several are watched
 *
 * Copies are looked at one after the other: one may stop, and the next begin to run, between the two looks. Where more than one runs, each is looked at once more,
 * and only what ran both times counts: then the first ran before and after the look at the second.
 *
 * Nothing that a daemon says goes in, only the kernel's files. A copy is a freezer cgroup NAME-eNoM below PREFIX-HOST. It is
 *   frozen     when its cgroup is
 *   standing   when every thread is in a tracing stop, where CRIU keeps a tree, or dying: killed, and only on its way out
 *   restoring  while CRIU is at work in it or in its refuge (gate-NAME-eNoM) and its gate has not been reached
 *   running    otherwise
 *
 * usage: watcher FREEZER PREFIX NAME HOSTS_DIRECTORY [NAME...]        e.g. /sys/fs/cgroup/freezer amig-lab- redis /var/lib/amig-lab/lab/hosts; ends by a signal
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Flags of a task in /proc/PID/stat, as in the kernel's linux/sched.h. */
enum { PF_EXITING = 0x4, PF_SIGNALED = 0x400 };

enum { LINE = 4096, PATH = 1024, MOST_PIDS = 256, MOST_NAMES = 64, MOST_COPIES = 16, EVERY_MS = 20 };

/* Length of what was read, 0 when the file is not there. */
static size_t slurp(const char *path, char *into, size_t size) {
  FILE *file = fopen(path, "re");
  if (!file) {
    into[0] = 0;
    return 0;
  }
  size_t length = fread(into, 1, size - 1, file);
  into[length] = 0;
  fclose(file);
  return length;
}

static int pids_of(const char *cgroup, int *pids) {
  char path[PATH], text[LINE];
  snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
  slurp(path, text, sizeof text);
  int count = 0;
  for (char *word = strtok(text, "\n"); word && count < MOST_PIDS; word = strtok(NULL, "\n")) {
    pids[count++] = atoi(word);
  }
  return count;
}

static bool is_frozen(const char *cgroup) {
  char path[PATH], text[LINE];
  snprintf(path, sizeof path, "%s/freezer.state", cgroup);
  if (slurp(path, text, sizeof text)) {
    return !strncmp(text, "FROZEN", 6);
  }
  snprintf(path, sizeof path, "%s/cgroup.events", cgroup);
  slurp(path, text, sizeof text);
  return strstr(text, "frozen 1") != NULL;
}

/* In a tracing stop, dead, or with nothing but its end before it: SIGKILL pending or the exit begun. Not one more instruction of the program. */
static bool thread_stands(int pid, const char *thread) {
  char path[PATH], text[LINE];
  char state = 0;
  unsigned long flags = 0, pending = 0;
  snprintf(path, sizeof path, "/proc/%d/task/%s/stat", pid, thread);
  slurp(path, text, sizeof text);
  char *end = strrchr(text, ')');
  if (!end || sscanf(end + 1, " %c %*d %*d %*d %*d %*d %lu", &state, &flags) != 2 || strchr("tZX", state) || flags & (PF_EXITING | PF_SIGNALED)) {
    return true;
  }
  snprintf(path, sizeof path, "/proc/%d/task/%s/status", pid, thread);
  slurp(path, text, sizeof text);
  for (char *line = strstr(text, "SigPnd:"); line; line = strstr(line + 1, "ShdPnd:")) {
    pending |= strtoul(line + 7, NULL, 16);
  }
  return !text[0] || pending & 1UL << (SIGKILL - 1);
}

static bool stands(int pid) {
  char path[PATH];
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *threads = opendir(path);
  bool all = true;
  for (struct dirent *thread; threads && all && (thread = readdir(threads));) {
    all = !isdigit((unsigned char)thread->d_name[0]) || thread_stands(pid, thread->d_name);
  }
  if (threads) {
    closedir(threads);
  }
  return all;
}

/* CRIU itself, or a task that it has made and that has not got its own memory yet. runc starts it as "criu swrk", and it gives itself a title. */
static bool is_criu(int pid) {
  char path[PATH], text[LINE];
  snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
  size_t length = slurp(path, text, sizeof text);
  for (size_t at = 0; at < length; at += strlen(text + at) + 1) {
    if (!strcmp(text + at, "swrk") || !strncmp(text + at, "criu: restore", 13)) {
      return true;
    }
  }
  return false;
}

/* runc on its way into the container, before the program is there. */
static bool is_runc(int pid) {
  char path[PATH], text[LINE];
  snprintf(path, sizeof path, "/proc/%d/comm", pid);
  slurp(path, text, sizeof text);
  return !strncmp(text, "runc", 4);
}

static const char *state_of(const char *freezer, const char *prefix, const char *host, const char *copy, const char *hosts) {
  char cgroup[PATH], refuge[PATH], reached[PATH];
  int pids[MOST_PIDS], criu[MOST_PIDS];
  snprintf(cgroup, sizeof cgroup, "%s/%s%s/%s", freezer, prefix, host, copy);
  int count = pids_of(cgroup, pids);
  if (count == 0) {
    return "empty";
  }
  if (is_frozen(cgroup)) {
    return "frozen";
  }
  bool standing = true, all_runc = true, restoring = false;
  for (int i = 0; i < count; i++) {
    standing = standing && stands(pids[i]);
    all_runc = all_runc && is_runc(pids[i]);
    restoring = restoring || is_criu(pids[i]);
  }
  if (standing) {
    return "standing";
  }
  if (all_runc) {
    return "starting";
  }
  snprintf(refuge, sizeof refuge, "%s/%s%s/gate-%s", freezer, prefix, host, copy);
  int helpers = pids_of(refuge, criu);
  for (int i = 0; i < helpers; i++) {
    restoring = restoring || is_criu(criu[i]);
  }
  snprintf(reached, sizeof reached, "%s/%s/state/attempts/%s/gate/reached", hosts, host, copy);
  return restoring && access(reached, F_OK) != 0 ? "restoring" : "running";
}

static long long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

struct copy {
  char host[NAME_MAX + 1], name[NAME_MAX + 1];
  const char *state;
};

struct container {
  const char *name;
  int count;
  struct copy copies[MOST_COPIES];
  char line[LINE];
};

/* Whose copy a cgroup is: NAME-eNoM. */
static struct container *container_of(struct container *all, int count, const char *cgroup) {
  for (int i = 0; i < count; i++) {
    size_t length = strlen(all[i].name);
    if (!strncmp(cgroup, all[i].name, length) && !strncmp(cgroup + length, "-e", 2) && isdigit((unsigned char)cgroup[length + 2])) {
      return &all[i];
    }
  }
  return NULL;
}

static void look(const char *freezer, const char *prefix, const char *hosts, struct container *all, int count) {
  char path[PATH];
  for (int i = 0; i < count; i++) {
    all[i].count = 0;
  }
  DIR *tops = opendir(freezer);
  for (struct dirent *top; tops && (top = readdir(tops));) {
    if (strncmp(top->d_name, prefix, strlen(prefix))) {
      continue;
    }
    snprintf(path, sizeof path, "%s/%s", freezer, top->d_name);
    DIR *cgroups = opendir(path);
    for (struct dirent *cgroup; cgroups && (cgroup = readdir(cgroups));) {
      struct container *its = container_of(all, count, cgroup->d_name);
      if (its && its->count < MOST_COPIES) {
        struct copy *copy = &its->copies[its->count];
        snprintf(copy->host, sizeof copy->host, "%s", top->d_name + strlen(prefix));
        snprintf(copy->name, sizeof copy->name, "%s", cgroup->d_name);
        copy->state = state_of(freezer, prefix, copy->host, copy->name, hosts);
        its->count += strcmp(copy->state, "empty") != 0;
      }
    }
    if (cgroups) {
      closedir(cgroups);
    }
  }
  if (tops) {
    closedir(tops);
  }
}

static int running_of(const struct container *one) {
  int running = 0;
  for (int i = 0; i < one->count; i++) {
    running += !strcmp(one->copies[i].state, "running");
  }
  return running;
}

static void look_again(const char *freezer, const char *prefix, const char *hosts, struct container *one) {
  for (int i = 0; i < one->count; i++) {
    if (!strcmp(one->copies[i].state, "running")) {
      one->copies[i].state = state_of(freezer, prefix, one->copies[i].host, one->copies[i].name, hosts);
    }
  }
}

static void tell(struct container *one, bool with_name) {
  char line[LINE];
  size_t length = (size_t)snprintf(line, sizeof line, "%d%s%s", running_of(one), with_name ? " " : "", with_name ? one->name : "");
  for (int i = 0; i < one->count && length < sizeof line; i++) {
    length += (size_t)snprintf(line + length, sizeof line - length, " %s:%s=%s", one->copies[i].host, one->copies[i].name, one->copies[i].state);
  }
  if (strcmp(line, one->line)) {
    printf("%lld %s\n", now_ms(), line);
    strcpy(one->line, line);
  }
}

int main(int count, char **words) {
  static struct container all[MOST_NAMES];
  int names = count - 4;
  if (names < 1 || names > MOST_NAMES) {
    fprintf(stderr, "usage: watcher FREEZER PREFIX NAME HOSTS_DIRECTORY [NAME...]        (%d names at most)\n", MOST_NAMES);
    return 64;
  }
  all[0].name = words[3];
  for (int i = 1; i < names; i++) {
    all[i].name = words[4 + i];
  }
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (;;) {
    look(words[1], words[2], words[4], all, names);
    for (int i = 0; i < names; i++) {
      if (running_of(&all[i]) > 1) {
        look_again(words[1], words[2], words[4], &all[i]);
      }
      tell(&all[i], names > 1);
    }
    usleep(EVERY_MS * 1000);
  }
}
