// What polls have seen of counts and totals, for charts. It is kept while the dashboard is open, also from page to page.
const keptMs = 10 * 60_000;
/** A chart is so wide at least. */
const leastSpanMs = 60_000;
const kept = new Map();

export const depths = [
  { name: 'ready', label: 'Ready' },
  { name: 'scheduled', label: 'Scheduled' },
  { name: 'leased', label: 'Leased' },
  { name: 'dead', label: 'Dead' },
];

export const flows = [
  { name: 'created', label: 'Created' },
  { name: 'claimed', label: 'Claimed' },
  { name: 'acked', label: 'Acked' },
  { name: 'nacked', label: 'Nacked' },
  { name: 'leasesExpired', label: 'Leases expired' },
];

/**
 * Keeps what a queue, or all together, are like now.
 * @param numbers {scheduled, ready, leased, dead, totals}
 * @returns what was seen of it so far
 */
export function remember(name, numbers) {
  const samples = (kept.get(name) ?? []).filter(sample => sample.at > Date.now() - keptMs);
  samples.push({ at: Date.now(), ...numbers });
  kept.set(name, samples);
  return samples;
}

/** Jobs by state at each sample, as columns for a chart. */
export const depthColumns = samples =>
  withGaps(samples, sample => depths.map(({ name }) => sample[name]));

/** What happened a second between each sample and the one before. */
export const flowColumns = samples =>
  withGaps(samples, (sample, before) => flows.map(({ name }) => {
    const happened = before ? sample.totals[name] - before.totals[name] : -1;
    // Totals go back where a queue was deleted.
    return happened < 0 ? null : happened * 1000 / (sample.at - before.at);
  }));

/** A line has a gap where nothing looked, as while the tab was hidden. */
function withGaps(samples, values) {
  const columns = [[], ...values(samples[0]).map(() => [])];
  const add = (at, row) => [at / 1000, ...row].forEach((value, i) => columns[i].push(value));
  const usualMs = median(samples.slice(1).map((sample, i) => sample.at - samples[i].at));
  const nothing = columns.slice(1).map(() => null);
  const start = samples.at(-1).at - leastSpanMs;
  if (samples[0].at > start) {
    add(start, nothing);
  }

  samples.forEach((sample, i) => {
    const before = samples[i - 1];
    const gap = before && sample.at - before.at > 3 * usualMs;
    if (gap) {
      add(before.at + 1, nothing);
    }

    add(sample.at, values(sample, gap ? undefined : before));
  });
  return columns;
}

const median = numbers => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
