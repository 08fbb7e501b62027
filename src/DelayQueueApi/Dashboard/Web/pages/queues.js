import * as api from '../shared/api.js';
import { button } from '../shared/dialogs.js';
import { h, say, show } from '../shared/dom.js';
import { count, rate, span } from '../shared/format.js';
import { toQueue } from '../shared/links.js';
import { poll } from '../shared/poll.js';
import { pauseOrResume } from '../shared/queueActions.js';
import { sparkline } from '../shared/sparkline.js';
import { link, own, table, text } from '../shared/table.js';
import { note, trend } from '../shared/trends.js';

const everyMs = 3000;
const pageSize = 100;

const number = (head, read, write = count) => text(head, item => write(read(item)), 'number', read);

export default function queues({ signal }) {
  let all = [];
  let filter = '';
  let page = 0;

  const columns = [
    link('Queue', item => item.queue, item => toQueue(item.queue), 'name', item => item.queue),
    own('Ready lately', cell => {
      const line = sparkline('Ready');
      cell.append(line.element);
      return item => line.update(trend(item.queue));
    }, 'trend'),
    number('Ready', item => item.ready),
    number('Oldest ready', item => item.oldestReadyMs ?? 0, ms => ms > 0 ? span(ms) : '–'),
    number('Scheduled', item => item.scheduled),
    number('Leased', item => item.leased),
    number('Dead', item => item.dead),
    number('Created / s', item => item.rates.oneMinute.created, rate),
    number('Acked / s', item => item.rates.oneMinute.acked, rate),
    number('Workers', item => item.workers.length, workers => workers === 100 ? '100 or more' : count(workers)),
    own('Actions', cell => {
      let queue;
      const pause = button('', () => pauseOrResume(queue, look), 'small', 'admin');
      cell.append(pause);
      return item => {
        queue = item;
        say(pause, item.paused ? 'Resume' : 'Pause …');
        pause.setAttribute('aria-label', `${item.paused ? 'Resume' : 'Pause'} ${item.queue}`);
        cell.parentElement?.classList.toggle('paused', item.paused);
      };
    }, 'actions'),
  ];
  let sorted = columns[0];
  let descending = false;

  const list = table('Queues', columns, item => item.queue, column => {
    // Names begin with the first, numbers with the largest.
    descending = column === sorted ? !descending : column !== columns[0];
    sorted = column;
    page = 0;
    render();
  });
  const order = h('select', { onchange: () => {
    sorted = columns[order.value];
    descending = sorted !== columns[0];
    page = 0;
    render();
  } }, columns.filter(column => column.sort).map(column => h('option', { value: columns.indexOf(column) }, column.head)));
  const shown = h('p', { class: 'soft', 'aria-live': 'polite' }, 'Looking …');
  const back = h('button', { type: 'button', onclick: () => turn(-1) }, 'Back');
  const further = h('button', { type: 'button', onclick: () => turn(1) }, 'Further');
  const turner = h('div', { class: 'buttons start' }, back, further);

  function turn(by) {
    page += by;
    render();
  }

  function render() {
    const compare = (a, b) => {
      const [x, y] = [sorted.sort(a), sorted.sort(b)];
      return x < y ? -1 : x > y ? 1 : 0;
    };
    const found = all.filter(item => item.queue.includes(filter)).sort(compare);
    if (descending) {
      found.reverse();
    }

    page = Math.max(0, Math.min(page, Math.ceil(found.length / pageSize) - 1));
    const from = page * pageSize;
    const to = Math.min(from + pageSize, found.length);
    list.update(found.slice(from, to));
    list.mark(sorted, descending);
    order.value = columns.indexOf(sorted);
    show(list.element, found.length > 0);
    show(turner, found.length > pageSize);
    back.disabled = page === 0;
    further.disabled = to === found.length;
    say(shown, all.length === 0 ? 'There are no queues yet. The first job makes one.'
      : found.length === 0 ? `None of ${count(all.length)} queues has “${filter}” in its name.`
        : found.length > pageSize ? `${count(from + 1)} to ${count(to)} of ${count(found.length)} queues`
          : `${count(found.length)} ${found.length === 1 ? 'queue' : 'queues'}`);
  }

  const look = poll(signal, everyMs, async () => {
    const seen = [];
    for await (const some of api.allQueues(signal)) {
      seen.push(...some);
      if (seen.length > all.length) {
        all = seen;
        render();
      }
    }

    all = seen;
    note(all);
    render();
  });

  return [
    h('h1', {}, 'Queues'),
    h('div', { class: 'bar' },
      h('label', {}, 'Name has ', h('input', {
        type: 'search', spellcheck: 'false', autocomplete: 'off', oninput: event => {
          filter = event.target.value.trim().toLowerCase();
          page = 0;
          render();
        },
      })),
      h('label', { class: 'sort-order' }, 'Sorted by ', order),
      shown),
    list.element,
    turner,
  ];
}
