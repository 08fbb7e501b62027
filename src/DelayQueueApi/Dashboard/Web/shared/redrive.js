// Redriving dead letters: what it would take, and how far it is.
import * as api from './api.js';
import { act, ask, button } from './dialogs.js';
import { h, say, show } from './dom.js';
import { count, jobCount } from './format.js';
import { poll } from './poll.js';

const everyMs = 1000;
const idsACall = 1000;

/**
 * @param done is called when dead letters have become fewer
 * @returns {element, ask(body, which)}: where progress is shown, and what asks for a redrive by filters or ids and does it
 */
export function redriver(queue, signal, done) {
  const bar = h('progress', {});
  const words = h('p', {});
  const stop = button('Stop', () => (atWork ? atWork.abort() : cancel()), '', 'admin');
  const element = h('section', { class: 'panel', hidden: true }, h('h2', {}, 'Redrive'), bar, words, stop);
  // Aborts a redrive at once; that goes first while there is one.
  let atWork;

  const cancel = () => act(async () => {
    await api.cancelRedrive(queue);
    return 'The redrive is stopped. What it has redriven stays so.';
  });

  function progress(redriven, matched, running, text) {
    show(element, true);
    show(stop, running);
    bar.max = Math.max(matched, 1);
    bar.value = running ? Math.min(redriven, matched) : bar.max;
    say(words, text);
  }

  /** One that goes on in the background, also when somebody else has started it. */
  function follow(started) {
    const watch = new AbortController();
    signal.addEventListener('abort', () => watch.abort());
    poll(watch.signal, everyMs, async () => {
      const task = await api.redriveTask(queue, watch.signal).catch(error => {
        if (error.status !== 404) {
          throw error;
        }
      });
      const running = task?.state === 'running';
      if (running || started) {
        const { dead } = await api.queue(queue, watch.signal);
        const text = `${running ? 'Under way' : task.state === 'done' ? 'Done' : 'Stopped'}: ${count(task.redriven)} redriven of ${count(task.examined)} looked at, at most ${count(task.ratePerSecond)} a second.`;
        if (!atWork) {
          progress(task.examined, task.examined + dead, running, text);
        }

        started = true;
      }

      if (!running) {
        watch.abort();
        if (started) {
          await done();
        }
      }
    });
  }

  async function atOnce(calls, matched) {
    const giveUp = new AbortController();
    const watch = new AbortController();
    const before = (await api.queue(queue, signal)).totals.redriven;
    let redriven = 0;
    atWork = giveUp;
    progress(0, matched, true, `0 of ${jobCount(matched)} redriven.`);
    poll(watch.signal, everyMs, async () => {
      const far = (await api.queue(queue, watch.signal)).totals.redriven - before;
      if (!watch.signal.aborted) {
        progress(far, matched, true, `${count(far)} of ${jobCount(matched)} redriven.`);
      }
    });
    try {
      for (const body of calls) {
        redriven += (await api.redrive(queue, body, giveUp.signal)).redriven;
      }

      watch.abort();
      const kept = matched - redriven;
      progress(1, 1, false, `Done: ${jobCount(redriven)} redriven.${kept > 0 ? ` ${jobCount(kept)} stayed dead: gone meanwhile, or another job holds the unique key.` : ''}`);
    } catch (error) {
      watch.abort();
      progress(1, 1, false, giveUp.signal.aborted ? 'Stopped. What was redriven stays so.' : error.message);
    }

    atWork = undefined;
    await done();
  }

  follow(false);

  return {
    element,
    /** @param which words for the jobs that are meant */
    async ask(body, which) {
      const calls = body.ids ? chunks(body.ids).map(ids => ({ ids })) : [body];
      let matched = 0;
      for (const call of calls) {
        matched += (await api.redrive(queue, { ...call, dryRun: true }, signal)).matched;
      }

      const given = await ask(`Redrive ${jobCount(matched)}?`, [
        h('p', {}, `Of ${queue}: ${which}. A dry run has found ${jobCount(matched)}. Each gets all its attempts anew and is ready at once.`),
        !body.ids && h('label', {}, 'At most so many a second; empty for all at once ', h('input', { type: 'number', name: 'rate', min: 1, max: 1000, step: 1 })),
      ], `Redrive ${jobCount(matched)}`, false);
      if (given?.get('rate')) {
        await api.redrive(queue, { ...body, ratePerSecond: Number(given.get('rate')) });
        follow(true);
      } else if (given) {
        await atOnce(calls, matched);
      }
    },
  };
}

/** Ids in parts that one call may name. */
export function chunks(ids) {
  return ids.length === 0 ? [] : [ids.slice(0, idsACall), ...chunks(ids.slice(idsACall))];
}
