import * as api from '../shared/api.js';
import { act, ask, button } from '../shared/dialogs.js';
import { fill, h, say, show } from '../shared/dom.js';
import { count, json, local, relative, span } from '../shared/format.js';
import { toQueue } from '../shared/links.js';
import { poll } from '../shared/poll.js';
import { purge } from '../shared/queueActions.js';

const everyMs = 3000;

export default function job({ id, signal }) {
  const body = h('div', { class: 'columns' });
  const path = h('p', { class: 'path' }, h('a', { href: '#/queues' }, 'Queues'));
  const status = h('span', { class: 'badge', hidden: true });
  const gone = h('p', { class: 'soft' }, 'Looking …');
  const actions = h('div', { class: 'buttons' });
  const explained = h('div', {});
  let shown;

  const look = poll(signal, everyMs, async () => {
    let seen;
    let why;
    try {
      [seen, why] = await Promise.all([api.job(id, signal), api.explain(id, signal)]);
    } catch (error) {
      if (error.status !== 404) {
        throw error;
      }

      say(gone, 'There is no such job: it never was, or it was acked, cancelled, expired or purged, and is not kept.');
      [status, body, actions].forEach(part => show(part, false));
      return;
    }

    say(gone, '');
    const { state, cancelRequested } = seen.job;
    say(status, cancelRequested ? `${state}, to be cancelled` : state);
    status.className = `badge ${state}`;
    [status, body, actions].forEach(part => show(part, true));
    fill(explained, explanation(why));
    // What stands still is not made anew, so that text stays selected and buttons keep their focus.
    const version = `${seen.etag} ${state}`;
    if (version !== shown) {
      shown = version;
      fill(actions, actionsOf(seen, look));
      fill(path, h('a', { href: '#/queues' }, 'Queues'), ' / ', h('a', { href: toQueue(seen.job.queue, state) }, seen.job.queue));
      fill(body, panels(seen, explained).map(column => h('div', { class: 'stack' }, column.filter(Boolean))));
    }
  });

  return [
    path,
    h('div', { class: 'heading' }, h('h1', { class: 'code' }, id), status, actions),
    gone,
    body,
  ];
}

/** What stands on the page, in two columns. */
function panels({ job, exact }, explained) {
  const panel = (title, ...content) => h('section', { class: 'panel' }, h('h2', {}, title), content);
  const text = words => h('pre', { tabindex: 0 }, words);
  return [
    [
      panel('Why it is where it is', explained),
      panel('History', timeline(job)),
      job.lastError && panel('Last error', job.lastError.type && h('p', {}, h('b', {}, job.lastError.type)), text(job.lastError.message ?? 'without a message')),
    ],
    [
      panel('Payload', text(json(exact.payload))),
      job.result !== undefined && panel('Result', text(json(exact.result))),
      panel('Fields', fields(job)),
      job.metadata && panel('Metadata', h('dl', { class: 'facts' }, Object.entries(job.metadata).map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]))),
    ],
  ];
}

function explanation({ why, jobsAhead, claimsWaiting, unpolledMs }) {
  return [
    h('p', {}, why),
    h('dl', { class: 'facts' },
      jobsAhead !== undefined && [h('dt', {}, 'Jobs ahead'), h('dd', {}, count(jobsAhead))],
      claimsWaiting !== undefined && [h('dt', {}, 'Claims waiting here'), h('dd', {}, count(claimsWaiting))],
      unpolledMs !== undefined && [h('dt', {}, 'Last asked for'), h('dd', {}, `${span(unpolledMs)} ago`)]),
  ];
}

function timeline(job) {
  const ended = (job.attempts ?? []).map(({ attempt, outcome, startedAt, endedAt, worker, error }) => entry(outcome, startedAt,
    `Attempt ${count(attempt)} ${outcome}`,
    `after ${span(Date.parse(endedAt) - Date.parse(startedAt))}${worker ? ` by ${worker}` : ''}`,
    error && [error.type, error.message].filter(part => part).join(': ')));
  const { nacked, expired, released } = job.failures ?? { nacked: 0, expired: 0, released: 0 };
  const failed = ended.length - (job.state === 'completed' ? 1 : 0);
  return h('ol', { class: 'timeline' },
    entry('created', job.enqueuedAt, 'Created'),
    nacked + expired + released > failed && h('li', { class: 'soft' }, 'Earlier attempts are not kept.'),
    ended,
    job.lease && entry('leased', job.lease.expiresAt, `Attempt ${count(job.attempt)} under way`, `${job.lease.worker ? `by ${job.lease.worker}, ` : ''}its lease ends then`),
    job.state === 'scheduled' && entry('scheduled', job.runAt, 'Runs'),
    job.state === 'ready' && entry('ready', job.runAt, 'Ready'),
    job.diedAt && entry('dead', job.diedAt, 'Died'),
    job.finishedAt && entry(job.state, job.finishedAt, job.state === 'completed' ? 'Completed' : 'Expired', job.keptUntil && `kept until ${local(job.keptUntil)}`));
}

function entry(kind, at, title, more, error) {
  return h('li', { class: kind },
    h('b', {}, title), more && ` ${more}`,
    h('time', { datetime: at, title: at }, local(at)),
    error && h('p', { class: 'error' }, error));
}

function fields(job) {
  const instant = at => at && [h('time', { datetime: at, title: at }, local(at)), h('span', { class: 'soft' }, ` ${relative(at)}`)];
  const facts = [
    ['Queue', h('a', { href: toQueue(job.queue, job.state) }, job.queue)],
    ['State', job.state],
    ['Priority', count(job.priority)],
    ['Run at', instant(job.runAt)],
    ['Created', instant(job.enqueuedAt)],
    ['Attempt', `${count(job.attempt)} of ${count(job.maxAttempts)}`],
    ['Failures', job.failures && `${count(job.failures.nacked)} nacked, ${count(job.failures.expired)} expired, ${count(job.failures.released)} released`],
    ['Worker', job.lease?.worker],
    ['Fence', job.lease && String(job.lease.fence)],
    ['Lease ends', instant(job.lease?.expiresAt)],
    ['Its own lease', job.leaseMs && span(job.leaseMs)],
    ['Its own backoff', job.backoff && JSON.stringify(job.backoff)],
    ['May start until', job.ttlMs && `${span(job.ttlMs)} after run at`],
    ['Kept once finished', job.retentionMs !== undefined && span(job.retentionMs)],
    ['Unique key', job.unique && `${job.unique.key}, until ${job.unique.until}`],
    ['Died', instant(job.diedAt)],
    ['Finished', instant(job.finishedAt)],
    ['Kept until', instant(job.keptUntil)],
    ['Cancelled', job.cancelRequested && 'Yes: its worker is told at its next extend.'],
  ];
  return h('dl', { class: 'facts' }, facts.filter(([, value]) => value).map(([head, value]) => [h('dt', {}, head), h('dd', {}, value)]));
}

/** What the API allows in the job's state. */
function actionsOf({ job, etag }, done) {
  const sure = (text, title, content, action, danger, run, needs = 'produce') => button(text, async () => {
    const given = await ask(title, content, action, danger);
    if (given) {
      await act(() => run(given));
      done();
    }
  }, danger ? 'danger' : '', needs);
  const waits = job.state === 'scheduled' || job.state === 'ready';

  return [
    job.state === 'scheduled' && sure('Run now …', 'Run this job now?', h('p', {}, `It is due ${relative(job.runAt)}, and will be ready at once.`), 'Run now', false, async () => {
      await api.updateJob(job.id, { delayMs: 0 }, etag);
      return 'The job is ready.';
    }),
    waits && sure('Reschedule …', 'When is it to run?',
      h('label', {}, 'Run at, in the time of this device ', h('input', { type: 'datetime-local', name: 'runAt', step: 1, required: true, value: local(job.runAt).slice(0, 19).replace(' ', 'T') })),
      'Reschedule', false, async given => {
        await api.updateJob(job.id, { runAt: new Date(given.get('runAt')).toISOString() }, etag);
        return 'The job is rescheduled.';
      }),
    job.state === 'dead' && sure('Redrive …', 'Redrive this job?', h('p', {}, `It will be ready at once in ${job.queue}, with ${count(job.maxAttempts)} new attempts.`), 'Redrive', false, async () => {
      const { redriven } = await api.redrive(job.queue, { ids: [job.id] });
      return redriven === 1 ? 'The job has new attempts.' : 'The job stays dead: it is dead no more, or another job holds its unique key.';
    }, 'admin'),
    (waits || job.state === 'leased') && !job.cancelRequested && sure('Cancel …', 'Cancel this job?',
      h('p', {}, job.state === 'leased'
        ? `A worker holds it, and is told at its next extend. No other worker gets it, and it is gone once that one lets go or its lease ends.`
        : `This one job of ${job.queue} will be gone, and never be delivered. That cannot be undone.`),
      'Cancel the job', true, async () => {
        await api.cancelJob(job.id);
        return 'The job is cancelled.';
      }),
    (job.state === 'dead' || job.finishedAt) && button('Delete …', () => purge(job.queue, job.state, 1, [job.id], done), 'danger', 'admin'),
  ];
}
