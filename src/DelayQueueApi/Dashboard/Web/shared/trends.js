// How many jobs were ready in each queue at the last looks at all queues. It is kept while the dashboard is open, also from page to page.
const keptLooks = 60;
const keptMs = 10 * 60_000;
const times = [];
let depths = new Map();

/** Keeps what all queues are like now. */
export function note(queues) {
  times.push(Date.now());
  while (times.length > keptLooks || times[0] < times.at(-1) - keptMs) {
    times.shift();
  }

  const seen = new Map();
  for (const { queue, ready } of queues) {
    const values = depths.get(queue) ?? [];
    values.push(ready);
    values.splice(0, values.length - times.length);
    seen.set(queue, values);
  }

  depths = seen;
}

/** What was seen of a queue so far: pairs of time, ms, and number. */
export function trend(queue) {
  const values = depths.get(queue) ?? [];
  return values.map((value, i) => [times[times.length - values.length + i], value]);
}
