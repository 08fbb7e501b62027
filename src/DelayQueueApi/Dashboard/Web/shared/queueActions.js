import * as api from './api.js';
import { act, ask } from './dialogs.js';
import { h } from './dom.js';
import { count, jobCount } from './format.js';

/** Pauses a queue, once it is sure, or resumes it. */
export async function pauseOrResume({ queue, paused, ready, scheduled, leased }, done) {
  if (!paused && !await ask(`Pause ${queue}?`, [
    h('p', {}, `Claims get nothing from it until it is resumed. ${jobCount(ready)} ready and ${count(scheduled)} scheduled will wait; ${count(leased)} leased go on.`),
  ], 'Pause')) {
    return;
  }

  await act(async () => {
    await (paused ? api.resumeQueue : api.pauseQueue)(queue);
    return `${queue} is ${paused ? 'resumed' : 'paused'}.`;
  });
  done();
}

/** Deletes jobs of one state, once it is sure. */
export async function purge(queue, state, number, ids, done) {
  if (await ask(`Purge ${jobCount(number)}?`, [
    h('p', {}, `${jobCount(number)} in state ${state} of ${queue} will be deleted${ids ? '' : ', and whatever else has that state by then'}. That cannot be undone.`),
  ], `Purge ${jobCount(number)}`)) {
    await act(async () => `${jobCount((await api.purge(queue, { state, ids })).purged)} purged from ${queue}.`);
    done();
  }
}
