/* Claims and acks jobs that are ready, until as many as it is told are done. There must be a few more, or the last claims find none.
 *
 * work PORT MODE CONNECTIONS QUEUE JOBS LIMIT LEASE_MS LEASES
 *   MODE    settle: claim and ack; claim: claim, and write the leases into the file LEASES; ack: ack those of LEASES
 *   LIMIT   jobs a request: 1 acks by POST /jobs/{id}/ack, more by POST /jobs/settle
 * One request at a time on each connection, which acks what it has claimed before it claims again.
 * Prints one line of JSON; the time is from the first request to the answer that brought the number up to JOBS. */
#define _GNU_SOURCE
#include "http.h"

enum { MOST_FAILED = 1000, PATIENCE = 30 };

struct lease {
  const char *id, *token;
  int id_length, token_length;
};

static enum { SETTLE, CLAIM, ACK } mode;
static int limit;
static long jobs, done, failed, last;
static double progress;
static FILE *file;
/* The leases that are left of the file, and the body of a claim and of an ack. */
static char *leases, claim_body[512], *ack_body;

static void fail(const char *what) {
  fprintf(stderr, "%s, %ld of %ld jobs done, %ld answers failed, the last %ld\n", what, done, jobs, failed, last);
  exit(1);
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
  failed += c->purpose - acked;
  begin(c);
}

static void answered(struct connection *c) {
  long before = done;
  if (c->status / 100 != 2) {
    failed++;
    last = c->status;
    begin(c);
  } else if (c->purpose) {
    settled(c, c->answer + c->body);
  } else {
    claimed(c, c->answer + c->body);
  }
  if (done > before) progress = seconds_of(CLOCK_MONOTONIC);
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

  int connections = atoi(args[3]);
  struct connection *all = connected(connections);
  double start = progress = seconds_of(CLOCK_MONOTONIC);
  for (int i = 0; i < connections; i++) begin(&all[i]);
  while (done < jobs && failed < MOST_FAILED && under_way) {
    struct epoll_event events[64];
    int ready = epoll_wait(epoll, events, 64, 1000);
    for (int i = 0; i < ready && done < jobs; i++) receive(events[i].data.ptr);
    if (seconds_of(CLOCK_MONOTONIC) - progress > PATIENCE) fail("no job was done for 30 s");
  }
  double seconds = seconds_of(CLOCK_MONOTONIC) - start;
  if (file && fclose(file)) fail("cannot write the leases");
  printf("{\"done\":%ld,\"failed\":%ld,\"last\":%ld,\"seconds\":%.6f}\n", done, failed, last, seconds);
  return 0;
}
