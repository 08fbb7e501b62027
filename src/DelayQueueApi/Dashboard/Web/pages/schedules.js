import * as api from '../shared/api.js';
import { button } from '../shared/dialogs.js';
import { h, say, show } from '../shared/dom.js';
import { toJob, toQueue, toSchedule } from '../shared/links.js';
import { pager } from '../shared/pager.js';
import { pauseOrResume, timesOf, trigger } from '../shared/scheduleActions.js';
import { instant, link, own, table, text } from '../shared/table.js';

const everyMs = 3000;
const pageSize = 100;

export default function schedules({ signal }) {
  const list = table('Schedules', [
    link('Schedule', item => item.name, item => toSchedule(item.name), 'name'),
    text('Times', timesOf, 'code'),
    text('Time zone', item => item.timeZone),
    link('Queue', item => item.job.queue ?? 'default', item => toQueue(item.job.queue ?? 'default')),
    instant('Next', item => item.nextAt),
    own('Last', cell => {
      const anchor = h('a', {});
      const time = instant('', item => item.lastAt).make(anchor);
      const never = h('span', {}, '–');
      cell.append(anchor, never);
      return item => {
        time(item);
        show(anchor, item.lastJobId !== undefined);
        show(never, item.lastJobId === undefined);
        anchor.setAttribute('href', toJob(item.lastJobId ?? ''));
      };
    }),
    own('Actions', cell => {
      let schedule;
      const pause = button('', () => pauseOrResume(schedule, look), 'small', 'produce');
      const now = button('Trigger …', () => trigger(schedule, look), 'small', 'produce');
      cell.append(pause, ' ', now);
      return item => {
        schedule = item;
        say(pause, item.paused ? 'Resume' : 'Pause …');
        pause.setAttribute('aria-label', `${item.paused ? 'Resume' : 'Pause'} ${item.name}`);
        now.setAttribute('aria-label', `Trigger ${item.name}`);
        cell.parentElement.classList.toggle('paused', item.paused);
      };
    }, 'actions'),
  ], item => item.name);
  const none = h('p', { class: 'soft' }, 'Looking …');
  const { element, look } = pager(signal, everyMs, async cursor => {
    const { schedules: seen, next } = await api.schedules(signal, pageSize, cursor);
    list.update(seen);
    show(list.element, seen.length > 0);
    say(none, seen.length > 0 ? '' : 'There are no schedules. PUT /schedules/{name} makes one.');
    return next;
  });

  return [h('h1', {}, 'Schedules'), list.element, none, element];
}
