/* HTTP for loads: one request at a time on each of many connections to one port. A program that includes this defines fail() and answered(). */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct connection {
  int socket;
  /* What the request under way is for, as its program says. */
  int purpose;
  int status;
  /* Of the answer: what has been received, and what there is room for. */
  size_t length, room;
  /* Where its body begins, 0 as long as its headers have not ended, and where it ends: with chunks, those that are joined. */
  size_t body, end;
  /* Where the next chunk begins, 0 where there are none. */
  size_t chunk;
  char *answer;
};

static const char *port;
static long under_way;
static int epoll;

static void fail(const char *what);

/* Takes a whole answer; its body ends with a NUL. */
static void answered(struct connection *c);

static double seconds_of(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static struct connection *connected(int connections) {
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct connection *all = calloc(connections, sizeof *all);
  int one = 1;
  epoll = epoll_create1(0);
  for (int i = 0; i < connections; i++) {
    all[i].room = 1 << 16;
    all[i].answer = malloc(all[i].room);
    all[i].socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(all[i].socket, (void *)&server, sizeof server)) fail("cannot connect");
    setsockopt(all[i].socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
    epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].socket, &event);
  }
  return all;
}

enum { LONGEST_FIELD = 200 };

static void post(struct connection *c, const char *path, char *body, size_t length, int purpose) {
  char head[1024];
  int head_length = snprintf(head, sizeof head,
    "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", path, port, length);
  struct iovec parts[] = {{head, head_length}, {body, length}};
  if (writev(c->socket, parts, 2) != (ssize_t)(head_length + length)) fail("cannot write");
  c->purpose = purpose;
  c->length = c->body = 0;
  under_way++;
}

/* Joins the chunks that have been received; true once the last has. */
static int joined(struct connection *c) {
  for (;;) {
    char *size = c->answer + c->chunk, *data = strstr(size, "\r\n");
    if (!data) return 0;
    size_t start = data + 2 - c->answer, bytes = strtoul(size, NULL, 16);
    if (start + bytes + 2 > c->length) return 0;
    memmove(c->answer + c->end, c->answer + start, bytes);
    c->end += bytes;
    c->chunk = start + bytes + 2;
    if (!bytes) return 1;
  }
}

static int whole(struct connection *c) {
  if (!c->body) {
    char *blank = strstr(c->answer, "\r\n\r\n");
    if (!blank) return 0;
    /* Ends the searches of headers. */
    *blank = 0;
    c->body = blank + 4 - c->answer;
    c->status = atoi(c->answer + strlen("HTTP/1.1 "));
    const char *length = strcasestr(c->answer, "\r\nContent-Length:");
    c->end = c->body + (length ? strtoul(length + strlen("\r\nContent-Length:"), NULL, 10) : 0);
    c->chunk = strcasestr(c->answer, "\r\nTransfer-Encoding: chunked") ? c->body : 0;
  }
  return c->chunk ? joined(c) : c->length >= c->end;
}

static void receive(struct connection *c) {
  if (c->room - c->length < 2) {
    c->room *= 2;
    if (!(c->answer = realloc(c->answer, c->room))) fail("no memory");
  }
  ssize_t got = read(c->socket, c->answer + c->length, c->room - 1 - c->length);
  if (got <= 0) fail("the connection has ended");
  c->length += got;
  c->answer[c->length] = 0;
  if (!whole(c)) return;
  c->answer[c->end] = 0;
  under_way--;
  answered(c);
}

/* The value of a string field, and moves on behind it; NULL where there is none. */
static const char *value(char **text, const char *field, int *length) {
  char *start = strstr(*text, field), *end = start ? strchr(start + strlen(field), '"') : NULL;
  if (!end) return NULL;
  start += strlen(field);
  *length = end - start;
  if (*length > LONGEST_FIELD) fail("a field is too long");
  *text = end;
  return start;
}
