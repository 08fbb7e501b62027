import * as api from '../shared/api.js';
import { chart } from '../shared/chart.js';
import { fill, h, say, show } from '../shared/dom.js';
import { count, jobCount, rate, span } from '../shared/format.js';
import { depthColumns, depths, flowColumns, flows, remember } from '../shared/history.js';
import { toQueue } from '../shared/links.js';
import { poll } from '../shared/poll.js';
import { link, own, table } from '../shared/table.js';
import { note } from '../shared/trends.js';

const everyMs = 2000;
const storeEveryMs = 15_000;
const shownTroubles = 20;
/** What waits for less than this is no sign of trouble. */
const oldMs = 5000;
/** A wait rises where it is longer than it was so long ago. */
const risingMs = 10_000;

const durabilities = {
  'fsync-always': 'What is acknowledged survives the loss of the machine.',
  'fsync-everysec': 'What is acknowledged survives the loss of the machine, but for about the last second.',
  replicated: 'What is acknowledged is on a replica too, but on no disk.',
  memory: 'What is acknowledged is there only while the store runs.',
};

/** Waits of queues as earlier looks have seen them. */
const waits = new Map();

export default function overview({ signal }) {
  const tiles = {
    ready: tile('Ready'), scheduled: tile('Scheduled'), leased: tile('Leased'), dead: tile('Dead'),
    acked: tile('Acked / s'), oldest: tile('Oldest ready'), leasesExpired: tile('Leases expired / min'),
  };
  const flow = chart('Throughput, a second', flows, rate, signal);
  const depth = chart('Jobs by state', depths, count, signal);
  const troubles = table('Queues that need a look', [
    link('Queue', item => item.queue, item => toQueue(item.queue)),
    own('Why', cell => item => {
      cell.className = `wide ${item.bad ? 'bad' : 'warn'}`;
      say(cell, item.why);
    }),
  ], item => item.queue);
  const calm = h('p', { class: 'soft' }, 'Looking …');
  const store = h('section', { class: 'panel', 'aria-label': 'Store' });

  poll(signal, everyMs, async () => {
    const queues = [];
    for await (const page of api.allQueues(signal)) {
      queues.push(...page);
    }

    note(queues);
    const sum = add(queues);
    const samples = remember('', sum);
    const rising = new Set(queues.filter(rises));
    showTiles(tiles, sum, queues, rising);
    flow.update(flowColumns(samples));
    depth.update(depthColumns(samples));

    const found = queues.flatMap(queue => trouble(queue, rising.has(queue))).sort((a, b) => b.bad - a.bad || b.wait - a.wait);
    troubles.update(found.slice(0, shownTroubles));
    show(troubles.element, found.length > 0);
    say(calm, found.length > shownTroubles ? `… and ${count(found.length - shownTroubles)} more.`
      : found.length > 0 ? ''
        : queues.length > 0 ? `Nothing: ${count(queues.length)} ${queues.length === 1 ? 'queue is' : 'queues are'} well.`
          : 'There are no queues yet. The first job makes one.');
  });

  poll(signal, storeEveryMs, async () => {
    const [info, ready] = await Promise.all([api.info(signal), api.ready(signal)]);
    showStore(store, info, ready);
  });

  return [
    h('h1', {}, 'Overview'),
    h('div', { class: 'tiles' }, Object.values(tiles).map(({ element }) => element)),
    h('div', { class: 'charts' }, flow.element, depth.element),
    h('section', { class: 'panel' }, h('h2', {}, 'Needs a look'), troubles.element, calm),
    store,
  ];
}

function tile(head) {
  const value = h('dd', {}, '–');
  const element = h('dl', { class: 'tile' }, h('dt', {}, head), value);
  return {
    element,
    update(text, bad = false) {
      say(value, text);
      element.classList.toggle('bad', bad);
    },
  };
}

function add(queues) {
  const sum = { totals: {} };
  for (const queue of queues) {
    depths.forEach(({ name }) => sum[name] = (sum[name] ?? 0) + queue[name]);
    flows.forEach(({ name }) => sum.totals[name] = (sum.totals[name] ?? 0) + queue.totals[name]);
  }

  depths.forEach(({ name }) => sum[name] ??= 0);
  flows.forEach(({ name }) => sum.totals[name] ??= 0);
  return sum;
}

function showTiles(tiles, sum, queues, rising) {
  depths.forEach(({ name }) => tiles[name].update(count(sum[name])));
  const aMinute = name => queues.reduce((all, queue) => all + queue.rates.oneMinute[name], 0);
  tiles.acked.update(rate(aMinute('acked')));
  const ends = 60 * aMinute('leasesExpired');
  tiles.leasesExpired.update(rate(ends), ends > 0);

  const open = queues.filter(queue => !queue.paused);
  const oldest = Math.max(0, ...open.map(queue => queue.oldestReadyMs ?? 0));
  tiles.oldest.update(oldest > 0 ? span(oldest) : '–', open.some(queue => rising.has(queue)));
}

/** Whether the oldest ready job of a queue waits for longer than the oldest one did a while ago. */
function rises({ queue, oldestReadyMs = 0 }) {
  const at = Date.now();
  const seen = (waits.get(queue) ?? []).filter(wait => wait.at > at - 2 * risingMs);
  const before = seen.find(wait => wait.at <= at - risingMs);
  seen.push({ at, ms: oldestReadyMs });
  waits.set(queue, seen);
  return oldestReadyMs > oldMs && before !== undefined && oldestReadyMs > before.ms;
}

/** Why somebody should look at a queue, the worst first; empty where nobody should. */
function trouble({ queue, paused, ready, dead, workers, rates, oldestReadyMs: wait = 0 }, rising) {
  const expiring = rates.oneMinute.leasesExpired;
  const waiting = !paused && wait > oldMs && (workers.length === 0 || rising);
  const reasons = [
    expiring > 0 && `${rate(60 * expiring)} leases a minute run out: workers crash, or the work takes longer than the lease.`,
    waiting && (workers.length === 0
      ? `${jobCount(ready)} ready, and no worker has asked for over a minute. The oldest waits for ${span(wait)}.`
      : `The oldest of ${jobCount(ready)} ready waits for ${span(wait)}, and longer and longer.`),
    paused && ready > 0 && `Paused, with ${jobCount(ready)} ready.`,
    dead > 0 && `${count(dead)} dead ${dead === 1 ? 'letter' : 'letters'}.`,
  ].filter(Boolean);
  return reasons.length === 0 ? [] : [{ queue, bad: expiring > 0 || waiting, wait, why: reasons.join(' ') }];
}

function showStore(store, { version, store: { kind, version: storeVersion, durability, warnings } }, { status }) {
  fill(store,
    h('h2', {}, 'Service and store'),
    h('dl', { class: 'facts' },
      h('dt', {}, 'Service'), h('dd', {}, `DelayQueueApi ${version}, ${status}`),
      h('dt', {}, 'Store'), h('dd', {}, `${kind} ${storeVersion}`),
      h('dt', {}, 'Durability'), h('dd', {}, h('b', {}, durability), ` ${durabilities[durability] ?? ''}`)),
    warnings.map(warning => h('p', { class: 'warning' }, warning)));
}
