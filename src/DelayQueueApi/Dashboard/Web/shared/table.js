import { h, say } from './dom.js';
import { local, relative } from './format.js';

/**
 * A table whose rows stay the same elements from one look to the next, so that focus stays where it is.
 * @param columns from text(), link(), instant() and own()
 * @param key gives what tells a row from the others
 * @param onsort is called with a column whose head was pressed
 * @returns {element, update(items), mark(column, descending)}
 */
export function table(caption, columns, key, onsort) {
  const rows = new Map();
  const body = h('tbody', {});
  const heads = columns.map(column => h('th', { scope: 'col', class: column.kind },
    column.kind === 'actions' ? h('span', { class: 'unseen' }, column.head)
      : column.sort && onsort ? h('button', { type: 'button', class: 'plain', onclick: () => onsort(column) }, column.head) : column.head));
  const element = h('table', {}, h('caption', { class: 'unseen' }, caption), h('thead', {}, h('tr', {}, heads)), body);

  function row(item) {
    const shows = [];
    const made = h('tr', {}, columns.map(column => {
      const cell = h('td', { 'data-head': column.head, class: column.kind });
      shows.push(column.make(cell));
      return cell;
    }));
    return { element: made, update: next => shows.forEach(update => update(next)) };
  }

  return {
    element,
    update(items) {
      const wanted = new Map(items.map(item => [key(item), item]));
      for (const [id, old] of rows) {
        if (!wanted.has(id)) {
          old.element.remove();
          rows.delete(id);
        }
      }

      let place = body.firstElementChild;
      for (const [id, item] of wanted) {
        const known = rows.get(id) ?? row(item);
        rows.set(id, known);
        known.update(item);
        if (known.element === place) {
          place = place.nextElementSibling;
        } else {
          body.insertBefore(known.element, place);
        }
      }
    },
    mark(sorted, descending) {
      columns.forEach((column, i) => column === sorted
        ? heads[i].setAttribute('aria-sort', descending ? 'descending' : 'ascending')
        : heads[i].removeAttribute('aria-sort'));
    },
  };
}

/** @param kind classes of the cells: number, code, wide */
export const text = (head, read, kind, sort) => ({
  head, kind, sort, make: cell => item => say(cell, read(item)),
});

export const link = (head, read, address, kind, sort) => own(head, cell => {
  const anchor = h('a', {});
  cell.append(anchor);
  return item => {
    say(anchor, read(item));
    anchor.setAttribute('href', address(item));
  };
}, kind, sort);

export const instant = (head, read, sort) => own(head, cell => {
  const time = h('time', {});
  cell.append(time);
  return item => showInstant(time, read(item));
}, 'instant', sort);

/** @param make is given a new cell, and gives what shows an item in it */
export const own = (head, make, kind, sort) => ({ head, kind, sort, make });

function showInstant(time, at) {
  say(time, at ? relative(at) : '–');
  time.dateTime = at ?? '';
  time.title = at ? `${local(at)} here, ${at}` : '';
}
