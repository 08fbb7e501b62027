import * as api from './api.js';
import { act, ask } from './dialogs.js';
import { h } from './dom.js';
import { span } from './format.js';

/** Pauses a schedule, once it is sure, or resumes it. */
export async function pauseOrResume({ name, paused }, done) {
  if (!paused && !await ask(`Pause ${name}?`, h('p', {}, 'It makes no jobs until it is resumed; instants that pass meanwhile are not made up for. The jobs that it has made stay.'), 'Pause')) {
    return;
  }

  await act(async () => {
    await (paused ? api.resumeSchedule : api.pauseSchedule)(name);
    return `${name} is ${paused ? 'resumed' : 'paused'}.`;
  });
  done();
}

/** Makes a schedule's job now, once it is sure. */
export async function trigger({ name, job }, done) {
  if (await ask(`Trigger ${name}?`, h('p', {}, `One job is made now, in ${job.queue ?? 'default'}. The instants of the schedule stay as they are.`), 'Trigger', false)) {
    await act(async () => `${name} has made the job ${(await api.triggerSchedule(name)).id}.`);
    done();
  }
}

/** The times of a schedule in words. */
export const timesOf = schedule => schedule.cron ?? `every ${span(schedule.intervalMs)}`;
