import * as api from '../shared/api.js';
import { adder, groupTable } from '../shared/deadGroups.js';
import { act, ask, button } from '../shared/dialogs.js';
import { h, say, show } from '../shared/dom.js';
import { count, jobCount } from '../shared/format.js';
import { jobTable } from '../shared/jobTable.js';
import { toQueue } from '../shared/links.js';
import { report } from '../shared/notices.js';
import { poll } from '../shared/poll.js';
import { purge } from '../shared/queueActions.js';
import { chunks, redriver } from '../shared/redrive.js';
import { own } from '../shared/table.js';

const everyMs = 2000;
const pageSize = 1000;
const shownStep = 100;
/** So many parts of the dead letters are looked at by themselves, and so many again when asked. */
const partsAtOnce = 10;
/** A page of a rare type may be empty and not the last. */
const emptyPages = 10;

export default function dead({ queue: name, signal }) {
  let all = 0;
  let jobs = [];
  let next;
  let group; // The error type whose jobs are shown, '' for those without one; undefined for all.
  let sums = adder(name, signal);
  let shown = shownStep;
  const chosen = new Set();

  const redrive = redriver(name, signal, load);
  const total = h('p', { class: 'soft' }, 'Looking …');
  const groups = groupTable(
    type => pick(type === group ? undefined : type),
    type => redrive.ask({ errorType: type }, `dead letters whose last error has ${type ? `the type ${type}` : 'no type'}`));
  const looked = h('p', { class: 'soft' });
  const lookOn = button('Look at more', () => addUp(sums));
  const redriveAll = button('Redrive all …', () => redrive.ask({}, 'all dead letters'), '', 'admin');
  const purgeAll = button('Purge all …', () => purge(name, 'dead', all, undefined, load), 'danger', 'admin');
  redriveAll.disabled = purgeAll.disabled = true;
  const redriveChosen = button('Redrive selected …', () => redrive.ask({ ids: [...chosen] }, `${jobCount(chosen.size)} selected`), '', 'admin');
  const purgeChosen = button('Purge selected …', purgeSome, 'danger', 'admin');
  const everything = h('input', { type: 'checkbox', onchange: () => {
    jobs.forEach(job => choose(job.id, everything.checked));
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
  const showMore = button(`Show ${shownStep} more`, async () => {
    shown += shownStep;
    if (shown > jobs.length && next) {
      await loadMore();
    }

    render();
  });
  const title = h('h2', {}, 'Jobs');
  const body = h('div', { class: 'stack', hidden: true },
    h('section', { class: 'panel' }, h('h2', {}, 'By error type'), groups.element, looked, lookOn),
    h('section', { class: 'panel' }, title, h('div', { class: 'bar' }, everythingLabel, redriveChosen, purgeChosen), list.element, showMore));

  const choose = (id, yes) => yes ? chosen.add(id) : chosen.delete(id);

  function render() {
    groups.update(sums.groups(), group);
    say(looked, sums.told(all));
    show(lookOn, !sums.whole && !sums.looking);
    say(title, group === undefined ? 'Jobs' : `Jobs with ${group || 'no error type'}`);
    say(everythingLabel.lastElementChild, `Select ${next ? 'these' : 'all'} ${count(jobs.length)}`);
    everything.checked = jobs.length > 0 && chosen.size === jobs.length;
    list.update(jobs.slice(0, shown));
    show(showMore, jobs.length > shown || next !== undefined);
    redriveChosen.disabled = purgeChosen.disabled = chosen.size === 0;
    say(redriveChosen, `Redrive ${chosen.size === 0 ? 'selected' : count(chosen.size)} …`);
    say(purgeChosen, `Purge ${chosen.size === 0 ? 'selected' : count(chosen.size)} …`);
  }

  async function loadMore() {
    const asked = jobs;
    let found = [];
    let cursor = next;
    for (let pages = 0; pages === 0 || (found.length === 0 && cursor && pages < emptyPages); pages++) {
      ({ jobs: found, next: cursor } = await api.jobs(name, 'dead', signal, { limit: pageSize, cursor, errorType: group }));
    }

    // Meanwhile another group may have been picked.
    if (jobs === asked) {
      [jobs, next] = [[...jobs, ...found], cursor];
      render();
    }
  }

  async function addUp(mine) {
    mine.looking = true;
    try {
      for (let parts = 0; parts < partsAtOnce && !mine.whole && mine === sums; parts++) {
        await mine.more();
        render();
      }
    } catch (error) {
      report(error);
    } finally {
      mine.looking = false;
      render();
    }
  }

  async function pick(type) {
    [jobs, next, group, shown] = [[], undefined, type, shownStep];
    chosen.clear();
    render();
    await loadMore();
  }

  /** From the start, as after a change. */
  async function load() {
    sums = adder(name, signal);
    look();
    addUp(sums);
    await pick(undefined);
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
    say(total, all === 0 ? 'None. Jobs that run out of attempts come here.' : `${count(all)} in all.`);
    show(body, all > 0 || jobs.length > 0);
    redriveAll.disabled = purgeAll.disabled = all === 0;
    if (!loaded && all > 0) {
      await loadMore();
      loaded = true;
      addUp(sums);
    }
  });

  return [
    h('p', { class: 'path' }, h('a', { href: '#/queues' }, 'Queues'), ' / ', h('a', { href: toQueue(name) }, name)),
    h('div', { class: 'heading' }, h('h1', {}, `Dead letters of ${name}`), h('div', { class: 'buttons' }, button('Refresh', load), redriveAll, purgeAll)),
    total,
    redrive.element,
    body,
  ];
}
