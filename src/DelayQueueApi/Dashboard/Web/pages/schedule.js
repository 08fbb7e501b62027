import * as api from '../shared/api.js';
import { act, ask, button } from '../shared/dialogs.js';
import { fill, h, say, show } from '../shared/dom.js';
import { json, local, relative } from '../shared/format.js';
import { toJob, toQueue } from '../shared/links.js';
import { poll } from '../shared/poll.js';
import { pauseOrResume, timesOf, trigger } from '../shared/scheduleActions.js';

const everyMs = 3000;
const shownInstants = 10;

export default function schedule({ name, signal }) {
  let seen;
  const gone = h('p', { class: 'soft' }, 'Looking …');
  const paused = h('span', { class: 'badge warn', hidden: true }, 'paused');
  const pause = button('Pause …', () => pauseOrResume(seen, look), '', 'produce');
  const remove = button('Delete …', async () => {
    if (await ask(`Delete ${name}?`, h('p', {}, 'It makes no more jobs. The jobs that it has made stay.'), 'Delete the schedule')) {
      await act(async () => {
        await api.deleteSchedule(name);
        return `${name} is deleted.`;
      });
      look();
    }
  }, 'danger', 'produce');
  const actions = h('div', { class: 'buttons', hidden: true }, button('Trigger …', () => trigger(seen, look), '', 'produce'), pause, remove);
  const facts = h('dl', { class: 'facts' });
  const instants = h('ol', { class: 'instants' });
  const template = h('pre', { tabindex: 0 });
  const body = h('div', { class: 'columns', hidden: true },
    h('div', { class: 'stack' },
      h('section', { class: 'panel' }, h('h2', {}, 'Fields'), facts),
      h('section', { class: 'panel' }, h('h2', {}, 'Next instants'), instants)),
    h('section', { class: 'panel' }, h('h2', {}, 'The job that it makes'), template));

  const look = poll(signal, everyMs, async () => {
    let next;
    let exact;
    try {
      [{ schedule: seen, exact }, next] = await Promise.all([api.schedule(name, signal), api.nextInstants(name, shownInstants, signal)]);
    } catch (error) {
      if (error.status !== 404) {
        throw error;
      }

      say(gone, 'There is no such schedule: it never was, or it was deleted.');
      [paused, actions, body].forEach(part => show(part, false));
      return;
    }

    say(gone, '');
    [actions, body].forEach(part => show(part, true));
    show(paused, seen.paused);
    say(pause, seen.paused ? 'Resume' : 'Pause …');
    fill(facts, fieldsOf(seen).filter(([, value]) => value).map(([head, value]) => [h('dt', {}, head), h('dd', {}, value)]));
    fill(instants, next.instants.length === 0 ? h('li', {}, 'None: it has ended.') : next.instants.map(({ at, local: there }) =>
      h('li', {}, h('time', { datetime: at, title: at }, there.replace('T', ' ')), h('span', { class: 'soft' }, ` ${relative(at)}`))));
    say(template, json(exact.job));
  });

  return [
    h('p', { class: 'path' }, h('a', { href: '#/schedules' }, 'Schedules')),
    h('div', { class: 'heading' }, h('h1', {}, name), paused, actions),
    gone,
    body,
  ];
}

function fieldsOf(schedule) {
  const instant = at => at && [h('time', { datetime: at, title: at }, local(at)), h('span', { class: 'soft' }, ` ${relative(at)}`)];
  return [
    ['Times', timesOf(schedule)],
    ['Time zone', schedule.timeZone],
    ['Queue', h('a', { href: toQueue(schedule.job.queue ?? 'default') }, schedule.job.queue ?? 'default')],
    ['Next', instant(schedule.nextAt)],
    ['Last', instant(schedule.lastAt)],
    ['Last job', schedule.lastJobId && h('a', { class: 'code', href: toJob(schedule.lastJobId) }, schedule.lastJobId)],
    ['Start', instant(schedule.start)],
    ['End', instant(schedule.end)],
    ['Missed instants', schedule.misfire],
    ['Overlap', schedule.overlap],
  ];
}
