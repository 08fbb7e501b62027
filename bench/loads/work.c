/* Claims and acks jobs that are ready, until as many as it is told are done. There must be a few more, or the last claims find none.
 *
 * work PORT MODE CONNECTIONS QUEUE JOBS LIMIT LEASE_MS LEASES
 *   MODE    settle: claim and ack; claim: claim, and write the leases into the file LEASES; ack: ack those of LEASES
 *   LIMIT   jobs a request: 1 acks by POST /jobs/{id}/ack, more by POST /jobs/settle
 * One request at a time on each connection, which acks what it has claimed before it claims again.
 * Prints one line of JSON; the time is from the first request to the answer that brought the number up to JOBS. */
#define _GNU_SOURCE
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

enum { MOST_FAILED = 1000, PATIENCE = 30, LONGEST_FIELD = 200 };

struct connection {
  int socket;
  /* Jobs that the request under way acks; a claim has none. */
  int acks;
  int status;
  /* Of the answer: what has been received, and what there is room for. */
  size_t length, room;
  /* Where its body begins, 0 as long as its headers have not ended, and where it ends: with chunks, those that are joined. */
  size_t body, end;
  /* Where the next chunk begins, 0 where there are none. */
  size_t chunk;
  char *answer;
};

struct lease {
  const char *id, *token;
  int id_length, token_length;
};

static enum { SETTLE, CLAIM, ACK } mode;
static const char *port;
static int limit;
static long jobs, done, failed, last, under_way;
static double progress;
static FILE *file;
/* The leases that are left of the file, and the body of a claim and of an ack. */
static char *leases, claim_body[512], *ack_body;

static void fail(const char *what) {
  fprintf(stderr, "%s, %ld of %ld jobs done, %ld answers failed, the last %ld\n", what, done, jobs, failed, last);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static void post(struct connection *c, const char *path, char *body, size_t length, int acks) {
  char head[1024];
  int head_length = snprintf(head, sizeof head,
    "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", path, port, length);
  struct iovec parts[] = {{head, head_length}, {body, length}};
  if (writev(c->socket, parts, 2) != (ssize_t)(head_length + length)) fail("cannot write");
  c->acks = acks;
  c->length = c->body = 0;
  under_way++;
}

/* The value of a string field, and moves on behind it; NULL where there is none. */
static const char *value(char **text, const char *field, int *length) {
  char *start = strstr(*text, field), *end = start ? strchr(start + strlen(field), '"') : NULL;
  if (!end) return NULL;
  start += strlen(field);
  *length = end - start;
  if (*length > LONGEST_FIELD) fail("an id or a token is too long");
  *text = end;
  return start;
}

/* Of a claim's answer as of the file, which has the same fields. */
static int next_lease(char **text, struct lease *lease) {
  lease->id = value(text, "\"id\":\"", &lease->id_length);
  lease->token = lease->id ? value(text, "\"token\":\"", &lease->token_length) : NULL;
  return lease->token != NULL;
}

/* Acks as many of the leases in a text as go into a request, and moves on behind them; false where it has none. */
static int ack(struct connection *c, char **text) {
  struct lease lease;
  if (!next_lease(text, &lease)) return 0;
  if (limit == 1) {
    char path[LONGEST_FIELD + 16];
    snprintf(path, sizeof path, "/jobs/%.*s/ack", lease.id_length, lease.id);
    post(c, path, ack_body, sprintf(ack_body, "{\"leaseToken\":\"%.*s\"}", lease.token_length, lease.token), 1);
    return 1;
  }
  int acks = 0, length = 0;
  do {
    length += sprintf(ack_body + length, "%s{\"id\":\"%.*s\",\"leaseToken\":\"%.*s\"}", acks ? "," : "{\"acks\":[",
      lease.id_length, lease.id, lease.token_length, lease.token);
  } while (++acks < limit && next_lease(text, &lease));
  post(c, "/jobs/settle", ack_body, length + sprintf(ack_body + length, "]}"), acks);
  return 1;
}

/* A connection that finds no lease in the file any more has nothing left to do. */
static void begin(struct connection *c) {
  if (mode == ACK) ack(c, &leases);
  else post(c, "/jobs/claim", claim_body, strlen(claim_body), 0);
}

static void claimed(struct connection *c, char *body) {
  if (mode == SETTLE) {
    if (!ack(c, &body)) begin(c);
    return;
  }
  struct lease lease;
  while (next_lease(&body, &lease)) {
    if (file) fprintf(file, "\"id\":\"%.*s\",\"token\":\"%.*s\"\n", lease.id_length, lease.id, lease.token_length, lease.token);
    done++;
  }
  begin(c);
}

/* The answer to POST /jobs/settle has a status for each job. */
static void settled(struct connection *c, const char *body) {
  int acked = c->status == 204;
  while ((body = strstr(body, "\"status\":"))) {
    body += strlen("\"status\":");
    int status = atoi(body);
    if (status == 204) acked++;
    else last = status;
  }
  done += acked;
  failed += c->acks - acked;
  begin(c);
}

static void next(struct connection *c) {
  long before = done;
  under_way--;
  c->answer[c->end] = 0;
  if (c->status / 100 != 2) {
    failed++;
    last = c->status;
    begin(c);
  } else if (c->acks) {
    settled(c, c->answer + c->body);
  } else {
    claimed(c, c->answer + c->body);
  }
  if (done > before) progress = now();
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
  if (whole(c)) next(c);
}

static void open_leases(const char *path) {
  if (mode == CLAIM && !strcmp(path, "/dev/null")) return;
  file = fopen(path, mode == ACK ? "r" : "w");
  /* All of the file: it has no NUL. */
  size_t size = 0;
  if (!file || (mode == ACK && getdelim(&leases, &size, 0, file) < 0)) fail("cannot open the leases");
}

int main(int count, char **args) {
  if (count != 9) fail("usage: work PORT settle|claim|ack CONNECTIONS QUEUE JOBS LIMIT LEASE_MS LEASES");
  port = args[1];
  mode = !strcmp(args[2], "ack") ? ACK : !strcmp(args[2], "claim") ? CLAIM : SETTLE;
  jobs = atol(args[5]);
  limit = atoi(args[6]);
  snprintf(claim_body, sizeof claim_body, "{\"queues\":[\"%s\"],\"leaseMs\":%s,\"limit\":%d}", args[4], args[7], limit);
  /* An id, a token, and the JSON around them. */
  ack_body = malloc((size_t)limit * (2 * LONGEST_FIELD + 64));
  if (mode != SETTLE) open_leases(args[8]);

  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int connections = atoi(args[3]), epoll = epoll_create1(0), one = 1;
  struct connection *all = calloc(connections, sizeof *all);
  for (int i = 0; i < connections; i++) {
    all[i].room = 1 << 16;
    all[i].answer = malloc(all[i].room);
    all[i].socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(all[i].socket, (void *)&server, sizeof server)) fail("cannot connect");
    setsockopt(all[i].socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
    epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].socket, &event);
  }

  double start = progress = now();
  for (int i = 0; i < connections; i++) begin(&all[i]);
  while (done < jobs && failed < MOST_FAILED && under_way) {
    struct epoll_event events[64];
    int ready = epoll_wait(epoll, events, 64, 1000);
    for (int i = 0; i < ready && done < jobs; i++) receive(events[i].data.ptr);
    if (now() - progress > PATIENCE) fail("no job was done for 30 s");
  }
  double seconds = now() - start;
  if (file && fclose(file)) fail("cannot write the leases");
  printf("{\"done\":%ld,\"failed\":%ld,\"last\":%ld,\"seconds\":%.6f}\n", done, failed, last, seconds);
  return 0;
}
