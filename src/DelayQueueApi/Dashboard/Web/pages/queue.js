import * as api from '../shared/api.js';
import { chart } from '../shared/chart.js';
import { button } from '../shared/dialogs.js';
import { fill, h, say, show } from '../shared/dom.js';
import { count, rate, span } from '../shared/format.js';
import { depthColumns, depths, flowColumns, flows, remember } from '../shared/history.js';
import { jobTable, states } from '../shared/jobTable.js';
import { toDead, toQueue } from '../shared/links.js';
import { pager } from '../shared/pager.js';
import { poll } from '../shared/poll.js';
import { pauseOrResume, purge } from '../shared/queueActions.js';
import { instant, table, text } from '../shared/table.js';
import { timeline } from '../shared/timeline.js';

const everyMs = 2000;
const listEveryMs = 5000;
const pageSize = 25;
const purgeable = states.filter(state => state !== 'leased');

export default function queue({ queue: name, query, signal }) {
  const state = states.includes(query.get('state')) ? query.get('state') : 'ready';
  let seen;

  const gone = h('p', { class: 'soft' }, 'Looking …');
  const paused = h('span', { class: 'badge warn', hidden: true }, 'paused');
  const pause = button('Pause …', () => pauseOrResume(seen, look), '', 'admin');
  show(pause, false);
  const purgeState = button(`Purge ${state} …`, () => purge(name, state, seen[state], undefined, refresh), 'danger', 'admin');
  const flow = chart('Throughput, a second', flows, rate, signal);
  const depth = chart('Jobs by state', depths, count, signal);
  const tabs = Object.fromEntries(states.map(other => [other, h('b', {}, '–')]));
  const facts = h('dl', { class: 'facts' });
  const settings = h('dl', { class: 'facts' });
  const workers = workerTable();
  const nobody = h('p', { class: 'soft' }, 'No worker has asked for its jobs for over a minute.');
  const list = jobList(name, state, signal);
  const due = timeline(name, signal);
  const body = h('div', { class: 'stack', hidden: true },
    h('div', { class: 'charts' }, flow.element, depth.element),
    h('div', { class: 'columns' },
      h('div', { class: 'stack' },
        h('section', { class: 'panel' }, h('h2', {}, 'Numbers'), facts),
        h('section', { class: 'panel' }, h('h2', {}, 'Workers'), workers.element, nobody)),
      h('div', { class: 'stack' },
        h('section', { class: 'panel' }, h('h2', {}, 'Settings'), settings),
        due.element)),
    h('section', { class: 'panel' },
      h('h2', {}, 'Jobs'),
      h('nav', { class: 'tabs', 'aria-label': 'States' }, states.map(other =>
        h('a', { href: toQueue(name, other), 'aria-current': other === state && 'true' }, h('span', { class: `swatch ${other}` }), other, ' ', tabs[other]))),
      list.element,
      purgeable.includes(state) && h('div', { class: 'buttons start' }, state === 'dead' && h('a', { class: 'button', href: toDead(name) }, 'Group and redrive'), purgeState)));

  const look = poll(signal, everyMs, async () => {
    try {
      seen = await api.queue(name, signal);
    } catch (error) {
      if (error.status !== 404) {
        throw error;
      }

      say(gone, 'There is no such queue: no job was ever put into it and nothing set for it, or it was deleted.');
      [body, pause].forEach(part => show(part, false));
      return;
    }

    say(gone, '');
    [body, pause].forEach(part => show(part, true));
    show(paused, seen.paused);
    say(pause, seen.paused ? 'Resume' : 'Pause …');
    states.forEach(other => say(tabs[other], count(seen[other])));
    purgeState.disabled = seen[state] === 0;
    const samples = remember(name, seen);
    flow.update(flowColumns(samples));
    depth.update(depthColumns(samples));
    showFacts(facts, numbers(seen));
    showFacts(settings, settingsOf(seen.settings));
    workers.update(seen.workers);
    show(workers.element, seen.workers.length > 0);
    show(nobody, seen.workers.length === 0);
  });

  function refresh() {
    look();
    list.look();
  }

  return [
    h('p', { class: 'path' }, h('a', { href: '#/queues' }, 'Queues')),
    h('div', { class: 'heading' }, h('h1', {}, name), paused, h('div', { class: 'buttons' }, h('a', { class: 'button', href: toDead(name) }, 'Dead letters'), pause)),
    gone,
    body,
  ];
}

function workerTable() {
  return table('Workers', [
    text('Worker', worker => worker.worker ?? 'without a name', 'wide'),
    instant('Last asked', worker => worker.seenAt),
  ], worker => worker.worker ?? '');
}

/** The jobs of one state, page by page. */
function jobList(name, state, signal) {
  const list = jobTable(state);
  const none = h('p', { class: 'soft' }, 'Looking …');
  const pages = pager(signal, listEveryMs, async cursor => {
    const { jobs, next } = await api.jobs(name, state, signal, { limit: pageSize, cursor });
    list.update(jobs);
    show(list.element, jobs.length > 0);
    say(none, jobs.length > 0 ? '' : cursor ? 'No more.' : `No job is ${state}.`);
    return next;
  });
  return { element: h('div', {}, list.element, none, pages.element), look: pages.look };
}

function numbers({ oldestReadyMs, nextRunAt, totals, rates }) {
  const five = rates.fiveMinutes;
  return [
    ['Oldest ready', oldestReadyMs === undefined ? '–' : span(oldestReadyMs)],
    ['Next run at', nextRunAt ?? '–'],
    ['Created, claimed, acked / s', `${rate(five.created)}, ${rate(five.claimed)}, ${rate(five.acked)} over 5 min`],
    ['Created', count(totals.created)],
    ['Claimed', count(totals.claimed)],
    ['Acked', count(totals.acked)],
    ['Nacked', count(totals.nacked)],
    ['Released', count(totals.released)],
    ['Leases expired', count(totals.leasesExpired), rates.oneMinute.leasesExpired > 0],
    ['Died', count(totals.died)],
    ['Redriven', count(totals.redriven)],
    ['Cancelled', count(totals.cancelled)],
    ['Expired', count(totals.expired)],
    ['Purged', count(totals.purged)],
  ];
}

function settingsOf(set) {
  const or = (value, write, usual) => value === undefined ? `${usual} (not set)` : write(value);
  return [
    ['Lease', or(set.leaseMs, span, '30 s')],
    ['Attempts', or(set.maxAttempts, count, '20')],
    ['Backoff', or(set.backoff, JSON.stringify, 'exponential, 1 s to 1 h')],
    ['Kept once finished', or(set.retentionMs, span, 'not at all')],
    ['Most jobs', or(set.maxLength, count, 'no limit')],
    ['Most kept', or(set.maxRetained, count, '100,000')],
    ['Dead letters kept', or(set.deadRetentionMs, span, 'until redriven or purged')],
  ];
}

function showFacts(element, facts) {
  const texts = JSON.stringify(facts);
  if (element.dataset.shown !== texts) {
    element.dataset.shown = texts;
    fill(element, facts.map(([head, value, bad]) => [h('dt', {}, head), h('dd', { class: bad && 'bad' }, value)]));
  }
}
