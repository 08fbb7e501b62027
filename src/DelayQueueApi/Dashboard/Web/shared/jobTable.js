import { brief, count } from './format.js';
import { toJob } from './links.js';
import { instant, link, table, text } from './table.js';

const attempts = text('Attempt', job => `${count(job.attempt)} of ${count(job.maxAttempts)}`, 'number');
const error = text('Last error', job => [job.lastError?.type, job.lastError?.message].filter(part => part).join(': ') || '–', 'wide');
const runAt = instant('Run at', job => job.runAt);

const special = {
  scheduled: [runAt, text('Priority', job => count(job.priority), 'number'), attempts],
  ready: [runAt, text('Priority', job => count(job.priority), 'number'), attempts],
  leased: [text('Worker', job => job.lease?.worker ?? '–', 'wide'), instant('Lease ends', job => job.lease?.expiresAt), attempts],
  dead: [instant('Died', job => job.diedAt), attempts, error],
  completed: [instant('Finished', job => job.finishedAt), instant('Kept until', job => job.keptUntil), attempts],
  expired: [instant('Finished', job => job.finishedAt), instant('Kept until', job => job.keptUntil)],
};

export const states = Object.keys(special);

/** A table of jobs of one state; first are columns before those that every job has. */
export function jobTable(state, first = []) {
  return table(`Jobs in state ${state}`, [
    ...first,
    link('Job', job => job.id, job => toJob(job.id), 'code'),
    ...special[state],
    text('Payload', job => brief(job.payload), 'code wide'),
  ], job => job.id);
}
