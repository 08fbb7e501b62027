// Measures how late due jobs reach their workers: JOBS jobs due over DURATION seconds, POLLS long polls that claim and ack.
//
// node lateness.mjs SERVICE     the service, its store and this script share one machine and its clock
// Ends by itself; ends with an error where a job came early, twice or not at all.

const service = process.argv[2];
const jobs = Number(process.env.JOBS ?? 500);
const seconds = Number(process.env.DURATION ?? 5);
const polls = Number(process.env.POLLS ?? 8);
const leadMs = 1000 + 3 * jobs;
const queue = `bench-lateness-${Date.now()}`;

const clock = () => performance.timeOrigin + performance.now();

async function call(method, path, body) {
  const answer = await fetch(service + path, {
    method,
    headers: body && { 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

// The yardstick: what a round trip and a timer cost here while nothing else goes on.
async function roundTrips(count) {
  const times = [];
  for (let i = 0; i < count; i++) {
    const start = clock();
    await call('GET', '/health/live');
    times.push(clock() - start);
  }
  return times;
}

async function timers(count) {
  const times = [];
  for (let i = 0; i < count; i++) {
    const due = clock() + 10;
    await new Promise((resolve) => setTimeout(resolve, 10));
    times.push(clock() - due);
  }
  return times;
}

async function schedule(start) {
  // Due times in a shuffled order: the next job to be scheduled is as often before as after those that wait.
  const order = [...Array(jobs).keys()].sort((a, b) => ((a * 7919) % jobs) - ((b * 7919) % jobs));
  const scheduler = async () => {
    for (let i = order.pop(); i !== undefined; i = order.pop()) {
      const runAt = new Date(start + Math.floor((i * seconds * 1000) / jobs)).toISOString();
      await call('POST', '/jobs', { queue, payload: i, runAt });
    }
  };
  await Promise.all(Array.from({ length: 16 }, scheduler));
}

const seen = new Map();
const told = [];
const arrived = [];
let early = 0;
let twice = 0;

async function worker() {
  while (seen.size < jobs) {
    const claimed = await call('POST', '/jobs/claim', { queues: [queue], limit: 1, waitMs: 1000, leaseMs: 30_000 });
    const now = clock();
    for (const job of claimed.jobs) {
      if (seen.has(job.payload)) twice++;
      seen.set(job.payload, true);
      const late = now - Date.parse(job.runAt);
      if (job.lateMs < 0 || late < 0) early++;
      told.push(job.lateMs);
      arrived.push(late);
      await call('POST', `/jobs/${job.id}/ack`, { leaseToken: job.lease.token });
    }
    if (clock() > start + seconds * 1000 + 10_000) throw new Error(`Only ${seen.size} of ${jobs} jobs came.`);
  }
}

function row(name, values) {
  values.sort((a, b) => a - b);
  const at = (share) => values[Math.max(0, Math.ceil(share * values.length) - 1)].toFixed(1).padStart(7);
  console.log(`${name.padEnd(48)}${at(0.5)}${at(0.99)}${at(1)}`);
}

await roundTrips(200);
const yardstick = { roundTrips: await roundTrips(300), timers: await timers(100) };
const start = Date.now() + leadMs;
await schedule(start);
if (Date.now() > start) throw new Error('The jobs were scheduled too slowly: the first were due before the last was sent.');
await Promise.all(Array.from({ length: polls }, worker));

console.log(`${jobs} jobs over ${seconds} s, ${polls} long polls; ms${' '.repeat(14)}    p50    p99    max`);
row('late, as the claim tells (store clock)', told);
row('late, when the worker has the job', arrived);
row('yardstick: GET /health/live, there and back', yardstick.roundTrips);
row('yardstick: a timer of this script', yardstick.timers);
console.log(`early ${early}, twice ${twice}, missing ${jobs - seen.size}`);
process.exit(early + twice > 0 ? 1 : 0);
