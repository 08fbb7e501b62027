import { button } from './dialogs.js';
import { h, say, show } from './dom.js';
import { count } from './format.js';
import { poll } from './poll.js';

/**
 * Turns the pages of a list of the service, and looks at the one that is shown again and again.
 * @param look is given the cursor of a page, undefined for the first; shows that page and gives the next one's cursor
 * @returns {element, look}
 */
export function pager(signal, everyMs, look) {
  const cursors = [undefined];
  let page = 1; // The one that is shown; another one than the last of the cursors while that is on its way.
  let following;
  const back = button('Back', () => turn(() => cursors.pop()));
  const further = button('Further', () => turn(() => cursors.push(following)));
  const place = h('span', { class: 'soft' });
  const element = h('div', { class: 'buttons start', hidden: true }, back, further, place);

  function turn(step) {
    if (page === cursors.length) {
      step();
    }

    again();
  }

  const again = poll(signal, everyMs, async () => {
    const asked = cursors.length;
    const next = await look(cursors.at(-1));
    if (asked !== cursors.length) {
      return;
    }

    [page, following] = [asked, next];
    show(element, page > 1 || following !== undefined);
    show(back, page > 1);
    show(further, following !== undefined);
    say(place, `Page ${count(page)}`);
  });
  return { element, look: again };
}
