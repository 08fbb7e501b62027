// Questions before something is done, and doing it.
import { h } from './dom.js';
import { notice, report } from './notices.js';

/**
 * Asks before something is done.
 * @param content says what it will touch; inputs in it are answered by name
 * @param action the words on the button that does it
 * @returns what was filled in, or null where it is not to be done
 */
export function ask(title, content, action, danger = true) {
  const back = h('button', { type: 'button', autofocus: danger, onclick: () => dialog.close('') }, 'Go back');
  const form = h('form', { method: 'dialog' },
    h('h2', { id: 'asked' }, title),
    content,
    h('div', { class: 'buttons' }, back, h('button', { value: 'yes', class: danger ? 'danger' : 'primary' }, action)));
  const dialog = h('dialog', { 'aria-labelledby': 'asked' }, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise(resolve => dialog.addEventListener('close', () => {
    dialog.remove();
    resolve(dialog.returnValue === 'yes' ? new FormData(form) : null);
  }));
}

/** Does something, and says how it went in the words that it gives. */
export async function act(action) {
  try {
    notice(await action());
  } catch (error) {
    report(error);
  }
}

/**
 * A button that does something; it cannot be pressed again meanwhile.
 * @param needs the scope without which it is not offered
 */
export function button(text, onclick, kind = '', needs = null) {
  const element = h('button', {
    type: 'button', class: kind, 'data-needs': needs, onclick: async () => {
      element.disabled = true;
      try {
        await onclick();
      } catch (error) {
        report(error);
      } finally {
        element.disabled = false;
      }
    },
  }, text);
  return element;
}
