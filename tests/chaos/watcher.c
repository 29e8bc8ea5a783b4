/*
 * Watches all copies of one container on all hosts of a lab from outside, and writes a line whenever the set of copies that run changes:
 *
 *   MILLISECONDS RUNNING HOST:COPY=STATE...        milliseconds of the wall clock; RUNNING is the number of copies that run
 *
 * Nothing that a daemon says goes in, only the kernel's files. A copy is a freezer cgroup NAME-eNoM below PREFIX-HOST. It is
 *   frozen     when its cgroup is
 *   standing   when every thread is in a tracing stop, where CRIU keeps a tree, or dying: killed, and only on its way out
 *   restoring  while CRIU is at work in it or in its refuge (gate-NAME-eNoM) and its gate has not been reached
 *   running    otherwise
 *
 * usage: watcher FREEZER PREFIX NAME HOSTS_DIRECTORY        e.g. /sys/fs/cgroup/freezer amig-lab- redis /var/lib/amig-lab/lab/hosts; ends by a signal
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Flags of a task in /proc/PID/stat, as in the kernel's linux/sched.h. */
enum { PF_EXITING = 0x4, PF_SIGNALED = 0x400 };

enum { LINE = 4096, PATH = 1024, MOST_PIDS = 256, EVERY_MS = 20 };

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

static int look(const char *freezer, const char *prefix, const char *name, const char *hosts, char *line, size_t size) {
  char path[PATH], stem[PATH];
  size_t length = 0;
  int running = 0;
  snprintf(stem, sizeof stem, "%s-e", name);
  line[0] = 0;
  DIR *all = opendir(freezer);
  for (struct dirent *one; all && (one = readdir(all));) {
    if (strncmp(one->d_name, prefix, strlen(prefix))) {
      continue;
    }
    const char *host = one->d_name + strlen(prefix);
    snprintf(path, sizeof path, "%s/%s", freezer, one->d_name);
    DIR *copies = opendir(path);
    for (struct dirent *copy; copies && (copy = readdir(copies));) {
      if (strncmp(copy->d_name, stem, strlen(stem))) {
        continue;
      }
      const char *state = state_of(freezer, prefix, host, copy->d_name, hosts);
      running += !strcmp(state, "running");
      if (strcmp(state, "empty") && length < size) {
        length += (size_t)snprintf(line + length, size - length, " %s:%s=%s", host, copy->d_name, state);
      }
    }
    if (copies) {
      closedir(copies);
    }
  }
  if (all) {
    closedir(all);
  }
  return running;
}

int main(int count, char **words) {
  if (count != 5) {
    fprintf(stderr, "usage: watcher FREEZER PREFIX NAME HOSTS_DIRECTORY\n");
    return 64;
  }
  char line[LINE], before[LINE] = "nothing seen yet";
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (;;) {
    int running = look(words[1], words[2], words[3], words[4], line, sizeof line);
    if (strcmp(line, before)) {
      printf("%lld %d%s\n", now_ms(), running, line);
      strcpy(before, line);
    }
    usleep(EVERY_MS * 1000);
  }
}
