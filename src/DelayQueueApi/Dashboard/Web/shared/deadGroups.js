// What a queue's dead letters died of.
import * as api from './api.js';
import { button } from './dialogs.js';
import { h, say } from './dom.js';
import { count, jobCount } from './format.js';
import { toJob } from './links.js';
import { instant, link, own, table, text } from './table.js';

/**
 * Adds up what the service tells of one part of the dead letters after the other.
 * @returns {more(), groups(), told(all), whole, looking}: whole once all were looked at; looking is for the caller to set
 */
export function adder(queue, signal) {
  const groups = new Map();
  let lookedAt = 0;
  let others = 0; // Of types that are in no group.
  let next;
  return {
    whole: false,
    looking: false,
    groups: () => [...groups.values()].sort((a, b) => b.jobs - a.jobs),
    async more() {
      const part = await api.deadGroups(queue, signal, next);
      for (const group of part.groups) {
        const known = groups.get(group.errorType);
        groups.set(group.errorType, known ? sum(known, group) : group);
      }

      next = part.next;
      lookedAt += part.lookedAt;
      others += part.others;
      this.whole = next === undefined;
    },
    told(all) {
      const further = others > 0 ? `${jobCount(others)} of further types. ` : '';
      return this.whole ? further
        : this.looking ? `${further}Looked at ${count(lookedAt)} of ${count(all)} …`
          : `${further}Of the ${count(lookedAt)} longest dead; what a redrive takes is counted over all.`;
    },
  };
}

function sum(known, more) {
  const newest = Date.parse(more.lastDiedAt) >= Date.parse(known.lastDiedAt) ? more : known;
  const first = Date.parse(more.firstDiedAt) < Date.parse(known.firstDiedAt) ? more : known;
  return { ...newest, firstDiedAt: first.firstDiedAt, jobs: known.jobs + more.jobs, leasesExpired: known.leasesExpired + more.leasesExpired };
}

/**
 * @param onpick is called with the type of a group whose jobs are to be shown
 * @param onredrive with that of one to be redriven; '' is that of those without one
 */
export function groupTable(onpick, onredrive) {
  let picked;
  const list = table('Dead letters by error type', [
    own('Error type', cell => {
      let type;
      const pick = h('button', { type: 'button', class: 'plain link', onclick: () => onpick(type) });
      cell.append(pick);
      return item => {
        type = item.errorType;
        say(pick, type || 'none');
        pick.setAttribute('aria-pressed', String(type === picked));
      };
    }, 'name'),
    text('Jobs', item => count(item.jobs), 'number'),
    text('Lease ran out', item => count(item.leasesExpired), 'number'),
    instant('First died', item => item.firstDiedAt),
    instant('Last died', item => item.lastDiedAt),
    link('Newest', item => item.lastMessage ?? item.lastId, item => toJob(item.lastId), 'wide'),
    own('Actions', cell => {
      let type;
      const redrive = button('Redrive …', () => onredrive(type), 'small', 'admin');
      cell.append(redrive);
      return item => {
        type = item.errorType;
        redrive.setAttribute('aria-label', `Redrive ${type || 'those without a type'}`);
      };
    }, 'actions'),
  ], item => item.errorType);
  return {
    element: list.element,
    update(items, type) {
      picked = type;
      list.update(items);
    },
  };
}
