import * as api from '../shared/api.js';
import { act, ask, button } from '../shared/dialogs.js';
import { h, say, show } from '../shared/dom.js';
import { count, jobCount } from '../shared/format.js';
import { jobTable } from '../shared/jobTable.js';
import { toQueue } from '../shared/links.js';
import { poll } from '../shared/poll.js';
import { purge } from '../shared/queueActions.js';
import { chunks, redriver } from '../shared/redrive.js';
import { instant, own, table, text } from '../shared/table.js';

const everyMs = 2000;
const pageSize = 1000;
const shownStep = 100;

export default function dead({ queue: name, signal }) {
  let all = 0;
  let jobs = [];
  let next;
  let group; // The error type whose jobs are shown; undefined for all.
  let shown = shownStep;
  const chosen = new Set();

  const redrive = redriver(name, signal, load);
  const total = h('p', { class: 'soft' }, 'Looking …');
  const groups = groupTable(type => {
    group = type === group ? undefined : type;
    shown = shownStep;
    chosen.clear();
    render();
  }, (type, ids) => redrive.ask(type === '' ? { ids } : { errorType: type }, type === '' ? 'the dead letters shown that have no error type' : `dead letters whose last error has the type ${type}`));
  const looked = h('p', { class: 'soft' });
  const more = button('Look at more', () => loadMore());
  const redriveAll = button('Redrive all …', () => redrive.ask({}, 'all dead letters'), '', 'admin');
  const purgeAll = button('Purge all …', () => purge(name, 'dead', all, undefined, load), 'danger', 'admin');
  const redriveChosen = button('Redrive selected …', () => redrive.ask({ ids: [...chosen] }, `${jobCount(chosen.size)} selected`), '', 'admin');
  const purgeChosen = button('Purge selected …', purgeSome, 'danger', 'admin');
  const everything = h('input', { type: 'checkbox', onchange: () => {
    inGroup().forEach(job => choose(job.id, everything.checked));
    render();
  } });
  const everythingLabel = h('label', {}, everything, h('span', {}));
  const list = jobTable('dead', [own('Selected', cell => {
    const box = h('input', { type: 'checkbox' });
    cell.append(box);
    return job => {
      box.checked = chosen.has(job.id);
      box.setAttribute('aria-label', `Select ${job.id}`);
      box.onchange = () => {
        choose(job.id, box.checked);
        render();
      };
    };
  })]);
  const showMore = button(`Show ${shownStep} more`, () => {
    shown += shownStep;
    render();
  });
  const title = h('h2', {}, 'Jobs');
  const body = h('div', { class: 'stack', hidden: true },
    h('section', { class: 'panel' }, h('h2', {}, 'By error type'), groups.element, looked, more),
    h('section', { class: 'panel' }, title, h('div', { class: 'bar' }, everythingLabel, redriveChosen, purgeChosen), list.element, showMore));

  const inGroup = () => jobs.filter(job => group === undefined || typeOf(job) === group);
  const choose = (id, yes) => yes ? chosen.add(id) : chosen.delete(id);

  function render() {
    groups.update(grouped(jobs), group);
    say(looked, next ? `Of the ${count(jobs.length)} longest dead; what a redrive takes is counted over all.` : '');
    show(more, next !== undefined);
    const mine = inGroup();
    say(title, group === undefined ? 'Jobs' : `Jobs with ${group || 'no error type'}`);
    say(everythingLabel.lastElementChild, `Select all ${count(mine.length)}`);
    everything.checked = mine.length > 0 && chosen.size === mine.length;
    list.update(mine.slice(0, shown));
    show(showMore, mine.length > shown);
    redriveChosen.disabled = purgeChosen.disabled = chosen.size === 0;
    say(redriveChosen, `Redrive ${chosen.size === 0 ? 'selected' : count(chosen.size)} …`);
    say(purgeChosen, `Purge ${chosen.size === 0 ? 'selected' : count(chosen.size)} …`);
  }

  async function loadMore() {
    const page = await api.jobs(name, 'dead', signal, { limit: pageSize, cursor: next });
    jobs = [...jobs, ...page.jobs];
    next = page.next;
    render();
  }

  /** From the start, as after a change. */
  async function load() {
    [jobs, next, group] = [[], undefined, undefined];
    chosen.clear();
    look();
    await loadMore();
  }

  async function purgeSome() {
    const ids = [...chosen];
    if (await ask(`Purge ${jobCount(ids.length)}?`, h('p', {}, `${jobCount(ids.length)} selected among the dead letters of ${name} will be deleted. That cannot be undone.`), `Purge ${jobCount(ids.length)}`)) {
      await act(async () => {
        let purged = 0;
        for (const some of chunks(ids)) {
          purged += (await api.purge(name, { state: 'dead', ids: some })).purged;
        }

        return `${jobCount(purged)} purged from ${name}.`;
      });
      await load();
    }
  }

  // What is being chosen from stands still; only the count is looked at again.
  let loaded = false;
  const look = poll(signal, everyMs, async () => {
    all = await api.queue(name, signal).then(queue => queue.dead, error => {
      if (error.status !== 404) {
        throw error;
      }

      return 0;
    });
    if (!loaded) {
      await loadMore();
      loaded = true;
    }

    say(total, all === 0 ? 'None. Jobs that run out of attempts come here.' : `${count(all)} in all.`);
    show(body, all > 0 || jobs.length > 0);
    redriveAll.disabled = purgeAll.disabled = all === 0;
  });

  return [
    h('p', { class: 'path' }, h('a', { href: '#/queues' }, 'Queues'), ' / ', h('a', { href: toQueue(name) }, name)),
    h('div', { class: 'heading' }, h('h1', {}, `Dead letters of ${name}`), h('div', { class: 'buttons' }, button('Refresh', load), redriveAll, purgeAll)),
    total,
    redrive.element,
    body,
  ];
}

const typeOf = job => job.lastError?.type ?? '';

function grouped(jobs) {
  const groups = Map.groupBy(jobs, typeOf);
  return [...groups].map(([type, some]) => ({
    type,
    ids: some.map(job => job.id),
    newest: some.at(-1).diedAt,
    example: some.at(-1).lastError?.message ?? '–',
  })).sort((a, b) => b.ids.length - a.ids.length);
}

function groupTable(onpick, onredrive) {
  let picked;
  const list = table('Dead letters by error type', [
    own('Error type', cell => {
      let type;
      const pick = h('button', { type: 'button', class: 'plain link', onclick: () => onpick(type) });
      cell.append(pick);
      return item => {
        type = item.type;
        say(pick, type || 'none');
        pick.setAttribute('aria-pressed', String(type === picked));
      };
    }, 'name'),
    text('Jobs', item => count(item.ids.length), 'number'),
    instant('Last died', item => item.newest),
    text('Its error', item => item.example, 'wide'),
    own('Actions', cell => {
      let group;
      const redrive = button('Redrive …', () => onredrive(group.type, group.ids), 'small', 'admin');
      cell.append(redrive);
      return item => {
        group = item;
        redrive.setAttribute('aria-label', `Redrive ${item.type || 'those without a type'}`);
      };
    }, 'actions'),
  ], item => item.type);
  return {
    element: list.element,
    update(items, type) {
      picked = type;
      list.update(items);
    },
  };
}
