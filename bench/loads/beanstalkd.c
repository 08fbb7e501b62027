/* Times beanstalkd: beanstalkd PORT put|work CONNECTIONS JOBS
 *
 * put: jobs of 100 bytes, an hour ahead; work: puts, reserves and deletes them. One command at a time on each connection.
 * Prints the seconds that it took. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum step { PUT, RESERVE, DELETE };

struct connection {
  int socket;
  enum step step;
  size_t length;
  char reply[512];
};

static long started, done, jobs;
static int working;

static void fail(const char *what) {
  fprintf(stderr, "%s, %ld of %ld jobs done\n", what, done, jobs);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static void say(struct connection *c, enum step step, const char *command) {
  c->step = step;
  c->length = 0;
  if (write(c->socket, command, strlen(command)) != (ssize_t)strlen(command)) fail("cannot write");
}

static void start_job(struct connection *c) {
  static char put[200];
  if (!put[0]) {
    char payload[101];
    memset(payload, 'x', 100);
    payload[100] = 0;
    snprintf(put, sizeof put, "put 1024 %d 120 100\r\n%s\r\n", working ? 0 : 3600, payload);
  }
  if (started == jobs) return;
  started++;
  say(c, PUT, put);
}

/* What comes after a whole reply. Each job that was put is reserved once, by whichever connection. */
static void next(struct connection *c) {
  static const char *expected[] = {"INSERTED ", "RESERVED ", "DELETED\r"};
  if (strncmp(c->reply, expected[c->step], strlen(expected[c->step]))) fail(c->reply);
  if (working && c->step == PUT) {
    say(c, RESERVE, "reserve\r\n");
  } else if (c->step == RESERVE) {
    char command[64];
    snprintf(command, sizeof command, "delete %ld\r\n", atol(c->reply + strlen("RESERVED ")));
    say(c, DELETE, command);
  } else {
    done++;
    start_job(c);
  }
}

static void receive(struct connection *c) {
  ssize_t got = read(c->socket, c->reply + c->length, sizeof c->reply - 1 - c->length);
  if (got <= 0) fail("the connection has ended");
  c->length += got;
  c->reply[c->length] = 0;
  char *end = strstr(c->reply, "\r\n");
  /* A reserved job's payload has a line of its own. */
  if (end && !strncmp(c->reply, "RESERVED", 8)) end = strstr(end + 2, "\r\n");
  if (end) next(c);
}

int main(int count, char **args) {
  if (count != 5) fail("usage: beanstalkd PORT put|work CONNECTIONS JOBS");
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(args[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  working = !strcmp(args[2], "work");
  int connections = atoi(args[3]), epoll = epoll_create1(0), one = 1;
  jobs = atol(args[4]);
  struct connection *all = calloc(connections, sizeof *all);
  for (int i = 0; i < connections; i++) {
    all[i].socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(all[i].socket, (void *)&server, sizeof server)) fail("cannot connect");
    setsockopt(all[i].socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
    epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].socket, &event);
  }

  double start = now();
  for (int i = 0; i < connections; i++) start_job(&all[i]);
  while (done < jobs) {
    struct epoll_event events[64];
    int ready = epoll_wait(epoll, events, 64, 10000);
    if (ready <= 0) fail("nothing happens");
    for (int i = 0; i < ready; i++) receive(events[i].data.ptr);
  }
  printf("%.6f\n", now() - start);
  return 0;
}
