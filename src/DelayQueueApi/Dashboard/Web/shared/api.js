// The calls of the service. Their addresses are relative to this file, so that a proxy may put a prefix before all of them.
import { learnTime } from './format.js';
import { askForKey, credentials } from './session.js';

const root = new URL('../../', import.meta.url);
const patienceMs = 15_000;

/** An error that the service has answered, or that it has not answered at all. */
export class Problem extends Error {
  constructor(status, { title, detail, applied }) {
    super(detail ?? title ?? `The service answered ${status}.`);
    this.status = status;
    this.away = status === 0 || status === 429 || status >= 500;
    if (this.away && applied === 'unknown') {
      this.message += ' It is not known whether this has taken effect: look again before you repeat it.';
    }
  }
}

const read = (path, signal, query) => send('GET', path, { signal, patience: patienceMs, query });
const get = async (path, signal, query) => (await read(path, signal, query)).json;
const post = async (path, body, signal) => (await send('POST', path, { body, signal })).json;
const at = (...names) => names.map(encodeURIComponent).join('/');

export const info = signal => get('info', signal);
export const ready = signal => get('health/ready', signal);

export const queue = (name, signal) => get(at('queues', name), signal);
export const deadGroups = (name, signal, cursor) => get(at('queues', name, 'dead'), signal, { cursor });
export const due = (name, signal) => get(at('queues', name, 'due'), signal);
export const pauseQueue = name => post(at('queues', name, 'pause'));
export const resumeQueue = name => post(at('queues', name, 'resume'));
export const purge = (name, body) => post(at('queues', name, 'purge'), body);
export const redrive = (name, body, signal) => post(at('queues', name, 'redrive'), body, signal);
export const redriveTask = (name, signal) => get(at('queues', name, 'redrive'), signal);
export const cancelRedrive = name => send('DELETE', at('queues', name, 'redrive'));

export const jobs = (queue, state, signal, more) => get('jobs', signal, { queue, state, ...more });
export const explain = (id, signal) => get(at('jobs', id, 'explain'), signal);
export const cancelJob = id => send('DELETE', at('jobs', id));
export const updateJob = (id, body, etag) => send('PATCH', at('jobs', id), { body, headers: { 'If-Match': etag } });

/** A job; `exact` is the same with every digit of its numbers, to be shown. */
export async function job(id, signal) {
  const { json, text, etag } = await read(at('jobs', id), signal);
  return { job: json, exact: JSON.parse(text, exactNumbers), etag };
}

/** A schedule; `exact` is the same with every digit of its numbers, to be shown. */
export async function schedule(name, signal) {
  const { json, text } = await read(at('schedules', name), signal);
  return { schedule: json, exact: JSON.parse(text, exactNumbers) };
}

export const schedules = (signal, limit, cursor) => get('schedules', signal, { limit, cursor });
export const nextInstants = (name, count, signal) => get(at('schedules', name, 'next'), signal, { count });
export const pauseSchedule = name => post(at('schedules', name, 'pause'));
export const resumeSchedule = name => post(at('schedules', name, 'resume'));
export const triggerSchedule = name => post(at('schedules', name, 'trigger'));
export const deleteSchedule = name => send('DELETE', at('schedules', name));


/** Every queue, page by page. */
export async function* allQueues(signal) {
  let cursor;
  do {
    const { queues, next } = await get('queues', signal, { limit: 1000, cursor });
    yield queues;
    cursor = next;
  } while (cursor);
}

async function send(method, path, options = {}) {
  const { body, headers, query = {}, signal, patience } = options;
  const address = new URL(path, root);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) {
      address.searchParams.set(name, value);
    }
  }

  const sent = credentials();
  const type = body === undefined ? {} : { 'Content-Type': 'application/json' };
  let answer;
  let text;
  try {
    answer = await fetch(address, {
      method, signal: patience ? AbortSignal.any([signal, AbortSignal.timeout(patience)]) : signal, cache: 'no-store',
      headers: { ...sent, ...type, ...headers }, body: JSON.stringify(body),
    });
    text = await answer.text();
  } catch (error) {
    throw error.name === 'AbortError' ? error : new Problem(0, { title: 'The service does not answer.' });
  }

  learnTime(answer.headers.get('Date'));
  // Meanwhile another request may have been given a key.
  if (answer.status === 401 && (credentials().Authorization !== sent.Authorization || await askForKey())) {
    return send(method, path, options);
  }

  if (!answer.ok) {
    throw new Problem(answer.status, readJson(text) ?? {});
  }

  const json = text ? readJson(text) : null;
  if (json === undefined) {
    throw new Problem(0, { title: 'Something else than the service answers.' });
  }

  return { json, text, etag: answer.headers.get('ETag') };
}

/** Undefined where it is none, as from a proxy that answers by itself. */
function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Keeps the digits of numbers that JavaScript would round, where the browser can. */
function exactNumbers(name, value, context) {
  return typeof value === 'number' && JSON.rawJSON && context?.source !== String(value) ? JSON.rawJSON(context.source) : value;
}
