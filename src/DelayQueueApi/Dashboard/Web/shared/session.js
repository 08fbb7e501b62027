// Whose key the service is asked with. It is kept in this tab alone, and goes nowhere but into a header of requests to the service.
import { h, say, show } from './dom.js';

const root = new URL('../../', import.meta.url);
const place = 'delayqueue-key';
const patienceMs = 15_000;
let asking;
// Whose jobs the pages show.
let space;

/** Headers that tell who asks; none without a key. */
export const credentials = (key = sessionStorage.getItem(place)) => key ? { Authorization: `Bearer ${key}` } : {};

/** Asks for a key, once for all who need one. Gives whether there is one now. */
export const askForKey = () => asking ??= ask().finally(() => asking = undefined);

/** Learns what may be done here, so that the pages offer no more. */
export async function begin() {
  document.getElementById('forget').addEventListener('click', () => {
    sessionStorage.removeItem(place);
    location.reload();
  });
  await learn();
}

/** Gives the status of the answer; 0 for none. */
async function learn(key) {
  try {
    const answer = await fetch(new URL('whoami', root), { cache: 'no-store', headers: credentials(key), signal: AbortSignal.timeout(patienceMs) });
    if (answer.ok) {
      const { id, namespace, scopes } = await answer.json();
      space = namespace;
      document.documentElement.dataset.scopes = scopes.join(' ');
      const who = document.getElementById('who');
      say(who.firstElementChild, `${id} · ${namespace}`);
      show(who, key !== undefined || sessionStorage.getItem(place) !== null);
    }

    return answer.status;
  } catch {
    return 0;
  }
}

function ask() {
  const key = h('input', { type: 'password', required: true, autocomplete: 'off', pattern: '[!-~]+', title: 'Letters, digits and signs, without spaces' });
  const said = h('p', { class: 'bad', role: 'alert' });
  const dialog = h('dialog', { 'aria-labelledby': 'key-asked' }, h('form', {
    onsubmit: async event => {
      event.preventDefault();
      const before = space;
      const status = await learn(key.value);
      if (status === 200) {
        sessionStorage.setItem(place, key.value);
        const isSame = before === undefined || before === space;
        dialog.close(isSame ? 'yes' : '');
        if (!isSame) {
          // What was about to be done was meant for other jobs.
          location.reload();
        }
      } else {
        say(said, status === 401 ? 'This key is not known, or it is good no more.' : 'The service does not answer.');
        key.select();
      }
    },
  },
  h('h2', { id: 'key-asked' }, 'A key is needed'),
  h('p', {}, 'It stays in this tab, and is gone when the tab is closed.'),
  h('label', {}, 'Key ', key),
  said,
  h('div', { class: 'buttons' },
    h('button', { type: 'button', onclick: () => dialog.close('') }, 'Go back'),
    h('button', { class: 'primary' }, 'Use this key'))));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise(resolve => dialog.addEventListener('close', () => {
    dialog.remove();
    resolve(dialog.returnValue === 'yes');
  }));
}
