import { away, here, report } from './notices.js';

const retryMs = 2000;

/**
 * Looks at once, and again and again until the signal aborts; not while nobody sees the tab. A look that takes long is
 * repeated less often: at most a tenth of the time goes into looking. While the service is away it goes on trying.
 * @param look is given the signal
 * @returns a function that looks now, as after a change
 */
export function poll(signal, everyMs, look) {
  let timer;
  let looking = false;
  let again = false;

  async function run() {
    clearTimeout(timer);
    if (looking || signal.aborted || document.hidden) {
      again = looking;
      return;
    }

    looking = true;
    again = false;
    const started = performance.now();
    let waitMs = retryMs;
    try {
      await look(signal);
      here();
      waitMs = Math.max(everyMs, 10 * (performance.now() - started));
    } catch (error) {
      if (signal.aborted) {
        return;
      }

      if (!error.away) {
        report(error);
        return;
      }

      away(error);
    } finally {
      looking = false;
    }

    timer = setTimeout(run, again ? 0 : waitMs);
  }

  document.addEventListener('visibilitychange', run, { signal });
  signal.addEventListener('abort', () => clearTimeout(timer));
  run();
  return run;
}
