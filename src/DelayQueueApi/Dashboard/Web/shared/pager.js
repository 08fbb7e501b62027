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
  let following;
  const back = button('Back', () => turn(() => cursors.pop()));
  const further = button('Further', () => turn(() => cursors.push(following)));
  const place = h('span', { class: 'soft' });
  const element = h('div', { class: 'buttons start', hidden: true }, back, further, place);

  function turn(step) {
    step();
    again();
  }

  const again = poll(signal, everyMs, async () => {
    following = await look(cursors.at(-1));
    show(element, cursors.length > 1 || following !== undefined);
    show(back, cursors.length > 1);
    show(further, following !== undefined);
    say(place, `Page ${count(cursors.length)}`);
  });
  return { element, look: again };
}
