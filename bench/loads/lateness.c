/* Puts jobs that become due soon, one after the other, and claims and acks them by long polls.
 *
 * lateness PORT QUEUE JOBS SECONDS POLLS
 *   SECONDS  over which the jobs are put, each 0.5 to 2 s before it is due, so that a new one is now before, now after those that wait
 * Prints a line a job: ms that it was late as its claim tells, and as it was here by the clock of the machine. An early job, or one that
 * comes twice, is an error. */
#define _GNU_SOURCE
#include <math.h>
#include "http.h"

enum { PUT, CLAIM, ACK };

static const char *queue;
static long jobs, put, seen;
static double length, start;
static char *came, claim_body[512];

static void fail(const char *what) {
  fprintf(stderr, "%s, %ld of %ld jobs put, %ld came\n", what, put, jobs, seen);
  exit(1);
}

/* When the next job is to be put. */
static double turn(void) { return start + put * length / jobs; }

static void put_next(struct connection *c) {
  char body[1024], second[32];
  double due = seconds_of(CLOCK_REALTIME) + 0.5 + 1.5 * drand48();
  time_t whole = (time_t)due;
  struct tm utc;
  strftime(second, sizeof second, "%Y-%m-%dT%H:%M:%S", gmtime_r(&whole, &utc));
  post(c, "/jobs", body, snprintf(body, sizeof body, "{\"queue\":\"%s\",\"payload\":{\"i\":%ld,\"pad\":\"%080d\"},\"runAt\":\"%s.%03dZ\"}",
    queue, put, 0, second, (int)((due - whole) * 1000)), PUT);
  put++;
}

/* Seconds since 1970. */
static double instant(const char *text) {
  struct tm utc = {0};
  const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
  if (!rest) fail("a run-at cannot be read");
  return timegm(&utc) + (*rest == '.' ? strtod(rest, NULL) : 0);
}

static void claim(struct connection *c) { post(c, "/jobs/claim", claim_body, strlen(claim_body), CLAIM); }

static void claimed(struct connection *c, char *body) {
  double now = seconds_of(CLOCK_REALTIME);
  int id_length, run_at_length, token_length;
  const char *id = value(&body, "\"id\":\"", &id_length), *number = id ? strstr(body, "\"i\":") : NULL;
  if (!id) {
    if (seen < jobs) claim(c);
    return;
  }
  const char *run_at = value(&body, "\"runAt\":\"", &run_at_length), *told = run_at ? strstr(body, "\"lateMs\":") : NULL;
  const char *token = told ? value(&body, "\"token\":\"", &token_length) : NULL;
  if (!number || !token) fail("an answer to a claim cannot be read");
  long i = atol(number + strlen("\"i\":")), late_told = atol(told + strlen("\"lateMs\":"));
  double late = (now - instant(run_at)) * 1000;
  if (late < 0 || late_told < 0) fail("a job came early");
  if (i < 0 || i >= jobs || came[i]++) fail("a job came twice");
  seen++;
  printf("%ld %.3f\n", late_told, late);
  char path[LONGEST_FIELD + 16], ack[LONGEST_FIELD + 32];
  snprintf(path, sizeof path, "/jobs/%.*s/ack", id_length, id);
  post(c, path, ack, snprintf(ack, sizeof ack, "{\"leaseToken\":\"%.*s\"}", token_length, token), ACK);
}

static void answered(struct connection *c) {
  if (c->status / 100 != 2) fail("an answer has failed");
  if (c->purpose == CLAIM) claimed(c, c->answer + c->body);
  else if (c->purpose == ACK && seen < jobs) claim(c);
}

int main(int count, char **args) {
  if (count != 6) fail("usage: lateness PORT QUEUE JOBS SECONDS POLLS");
  port = args[1];
  queue = args[2];
  jobs = atol(args[3]);
  length = atof(args[4]);
  came = calloc(jobs, 1);
  snprintf(claim_body, sizeof claim_body, "{\"queues\":[\"%s\"],\"waitMs\":1000}", queue);
  int polls = atoi(args[5]);
  struct connection *all = connected(polls + 1), *producer = &all[polls];

  start = seconds_of(CLOCK_MONOTONIC);
  double patience = start + length + 17;
  for (int i = 0; i < polls; i++) claim(&all[i]);
  /* The last answers, to acks and to claims that find nothing any more, are waited for too. */
  int is_free = 1;
  while (seen < jobs || under_way) {
    double left = is_free && put < jobs ? turn() - seconds_of(CLOCK_MONOTONIC) : 1;
    if (left <= 0) {
      put_next(producer);
      is_free = 0;
      continue;
    }
    struct epoll_event events[64];
    int ready = epoll_wait(epoll, events, 64, (int)ceil(left * 1000));
    for (int i = 0; i < ready; i++) {
      long before = under_way;
      receive(events[i].data.ptr);
      if (events[i].data.ptr == producer && under_way < before) is_free = 1;
    }
    if (seconds_of(CLOCK_MONOTONIC) > patience) fail("too slow");
  }
  return 0;
}
