// Closes unpaid orders: claims jobs, closes each order in the shop under the lease's fence, then acks.
//
// node worker.mjs SERVICE SHOP NAME SECONDS
// Ends after so many seconds, or on SIGTERM, once the jobs at hand are done.

const [service, shop, name, seconds] = process.argv.slice(2);
const queue = process.env.QUEUE ?? 'unpaid-orders';
const deadline = Date.now() + seconds * 1000;
let stop = false;
process.on('SIGTERM', () => { stop = true; });

async function post(url, body) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  // Always read to the end, else the connection cannot be used again.
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : null };
}

async function close(job) {
  let status, error;
  try {
    ({ status } = await post(`${shop}/orders/close`, {
      orderId: job.payload.orderId,
      fence: job.lease.fence,
      worker: name,
      lateMs: job.lateMs,
      attempt: job.attempt,
    }));
    error = status === 200 ? null : `The shop answered ${status}.`;
  } catch (failure) {
    error = `The shop did not answer: ${failure.cause?.message ?? failure.message}`;
  }

  // A newer lease has been to the shop: the job is another worker's now.
  if (status === 409) return;

  const leaseToken = job.lease.token;
  if (error) {
    await post(`${service}/jobs/${job.id}/nack`, { leaseToken, error });
  } else {
    await post(`${service}/jobs/${job.id}/ack`, { leaseToken });
  }
}

while (!stop && Date.now() < deadline) {
  try {
    const { status, body } = await post(`${service}/jobs/claim`, {
      queues: [queue], limit: 10, leaseMs: 3000, waitMs: 2000, worker: name,
    });
    if (status !== 200) throw new Error(`The claim was answered ${status}.`);
    await Promise.all(body.jobs.map(close));
  } catch (error) {
    // Jobs in hand come back when their leases end, so there is nothing to repair here.
    console.error(`${name}: ${error.cause?.message ?? error.message}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
