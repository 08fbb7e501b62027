import * as api from '../shared/api.js';
import { button } from '../shared/dialogs.js';
import { h, say, show } from '../shared/dom.js';
import { brief, count } from '../shared/format.js';
import { states } from '../shared/jobTable.js';
import { toJob } from '../shared/links.js';
import { report } from '../shared/notices.js';
import { instant, link, table, text } from '../shared/table.js';

const pageSize = 100;
/** Metadata has no index: so many pages are looked at, or so many jobs found, until somebody says to go on. */
const pagesAtOnce = 10;
const foundAtOnce = 100;

export default function search({ query, signal }) {
  const asked = { queue: query.get('queue') ?? '', name: query.get('name') ?? '', value: query.get('value') ?? '', state: query.get('state') ?? '' };
  const field = (label, name, more) => h('label', {}, label, h('input', { name, value: asked[name], autocomplete: 'off', spellcheck: 'false', ...more }));
  const names = h('datalist', { id: 'names' });
  const id = h('input', { name: 'id', required: true, autocomplete: 'off', spellcheck: 'false' });

  nameQueues(names, signal);

  return [
    h('h1', {}, 'Search'),
    h('form', { class: 'panel bar', onsubmit: event => {
      event.preventDefault();
      location.hash = toJob(id.value.trim());
    } }, h('label', {}, 'Job id ', id), h('button', { class: 'primary' }, 'Show')),
    h('form', { class: 'panel bar', onsubmit: event => {
      event.preventDefault();
      location.hash = `#/search?${new URLSearchParams(new FormData(event.target))}`;
    } },
      field('Queue ', 'queue', { required: true, list: 'names', pattern: '[a-z0-9][a-z0-9_.\\-]{0,63}', title: 'a-z, 0-9, _ . -' }),
      field('Metadata name ', 'name', { required: true }),
      field('is ', 'value'),
      h('label', {}, 'State ', h('select', { name: 'state' },
        ['', ...states].map(state => h('option', { value: state, selected: state === asked.state }, state || 'any')))),
      h('button', { class: 'primary' }, 'Search'),
      names),
    asked.queue && asked.name && results(asked, signal),
  ];
}

function results(asked, signal) {
  const found = [];
  let looked = 0;
  const walk = pages(asked, signal);
  const list = table('Jobs with this metadata', [
    link('Job', job => job.id, job => toJob(job.id), 'code'),
    text('State', job => job.state),
    instant('Run at', job => job.runAt),
    text('Payload', job => brief(job.payload), 'code wide'),
  ], job => job.id);
  const said = h('p', { class: 'soft', role: 'status' }, 'Looking …');
  const further = button('Look further', look);

  async function look() {
    const until = { looked: looked + pagesAtOnce, found: found.length + foundAtOnce };
    show(further, false);
    let done = false;
    while (!done && looked < until.looked && found.length < until.found) {
      const step = await walk.next();
      done = step.done;
      if (!done) {
        looked++;
        found.push(...step.value);
      }
    }

    list.update(found);
    show(list.element, found.length > 0);
    show(further, !done);
    say(said, `${count(found.length)} found${done ? '' : ' so far'}.`);
  }

  look().catch(error => {
    if (!signal.aborted) {
      say(said, 'The search has ended early.');
      report(error);
    }
  });
  return h('section', { class: 'panel' }, h('h2', {}, `Jobs of ${asked.queue} with ${asked.name} = ${asked.value}`), said, list.element, further);
}

async function* pages({ queue, name, value, state }, signal) {
  for (const one of state ? [state] : states) {
    let cursor;
    do {
      const { jobs, next } = await api.jobs(queue, one, signal, { [`metadata.${name}`]: value, limit: pageSize, cursor });
      yield jobs;
      cursor = next;
    } while (cursor);
  }
}

/** Offers the names of the first queues. */
async function nameQueues(names, signal) {
  try {
    const { value } = await api.allQueues(signal).next();
    names.append(...value.map(({ queue }) => h('option', { value: queue })));
  } catch {
    // The names are a help only.
  }
}
