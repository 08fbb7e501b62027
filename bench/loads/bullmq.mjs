// Times BullMQ: node bullmq.mjs REDIS_PORT add|bulk|work JOBS
//
// add: one job a call, 64 calls at a time; bulk: 100 jobs a call, 8 calls at a time; work: one worker finishes JOBS that wait, 64 at a time.
// Prints the seconds that it took.
import { Queue, Worker } from 'bullmq';

const [port, mode, count] = process.argv.slice(2);
const jobs = Number(count);
const connection = { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null };
const data = { k: 'x'.repeat(92) };
const opts = { removeOnComplete: true };

// So many at a time until all jobs have been sent.
async function send(atATime, aCall, call) {
  let sent = 0;
  const sender = async () => {
    while (sent < jobs) {
      const size = Math.min(aCall, jobs - sent);
      sent += size;
      await call(size);
    }
  };
  await Promise.all(Array.from({ length: atATime }, sender));
}

function work() {
  let done = 0;
  return new Promise((resolve, reject) => {
    const worker = new Worker('bench', async () => {}, { connection, concurrency: 64 });
    worker.on('completed', () => ++done === jobs && resolve());
    worker.on('failed', (_, error) => reject(error));
  });
}

const queue = new Queue('bench', { connection });
await queue.waitUntilReady();
const loads = {
  add: () => send(64, 1, () => queue.add('job', data, opts)),
  bulk: () => send(8, 100, (size) => queue.addBulk(Array.from({ length: size }, () => ({ name: 'job', data, opts })))),
  work,
};
const start = performance.now();
await loads[mode]();
console.log((performance.now() - start) / 1000);
process.exit(0);
