// What is said outside of pages: how an action went, and that the service is away.
import { Problem } from './api.js';
import { h, say, show } from './dom.js';

const shownMs = 8000;
let heardAt = new Date();

/** Says how an action went. */
export function notice(text, bad = false) {
  const close = () => box.remove();
  const box = h('p', { class: bad ? 'notice bad' : 'notice' }, text, h('button', { type: 'button', 'aria-label': 'Close', class: 'plain', onclick: close }, '×'));
  document.getElementById('notices').append(box);
  if (!bad) {
    setTimeout(close, shownMs);
  }
}

/** Says what went wrong; it is nothing where the page was left meanwhile. */
export function report(error) {
  if (error.name === 'AbortError') {
    return;
  }

  notice(error.message, true);
  if (!(error instanceof Problem)) {
    console.error(error);
  }
}

export function away(error) {
  const banner = document.getElementById('away');
  say(banner, `${error.message} What you see is of ${heardAt.toLocaleTimeString('sv')}. Trying again …`);
  show(banner, true);
}

export function here() {
  heardAt = new Date();
  show(document.getElementById('away'), false);
}
