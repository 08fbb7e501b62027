// The part of the address after # names the page: #/queues/mail?state=dead
import { fill } from './dom.js';
import { report } from './notices.js';

const name = 'DelayQueueApi';

/**
 * @param main where pages are put
 * @param routes pairs of a path and a page. A page gets {names of the path, query, signal}, and gives its elements; signal aborts when it is left
 * @param missing gives the elements for an address that is not there
 */
export function route(main, routes, missing) {
  let leave = new AbortController();

  function go(first) {
    leave.abort();
    leave = new AbortController();
    const [path, query] = location.hash.replace(/^#?\/?/, '').split('?');
    const { page, names } = find(routes, path) ?? { page: missing };
    try {
      fill(main, page({ ...names, query: new URLSearchParams(query), signal: leave.signal }));
    } catch (error) {
      report(error);
    }

    document.title = `${main.querySelector('h1')?.textContent ?? ''} · ${name}`;
    mark(path);
    if (!first) {
      window.scrollTo(0, 0);
      main.focus({ preventScroll: true });
    }
  }

  window.addEventListener('hashchange', () => go(false));
  go(true);
}

function find(routes, path) {
  const given = path.split('/');
  for (const [pattern, page] of routes) {
    const asked = pattern.split('/');
    if (asked.length === given.length && asked.every((part, i) => part.startsWith(':') ? given[i] !== '' : part === given[i])) {
      return { page, names: Object.fromEntries(asked.flatMap((part, i) => part.startsWith(':') ? [[part.slice(1), decode(given[i])]] : [])) };
    }
  }

  return null;
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function mark(path) {
  for (const link of document.querySelectorAll('header nav a')) {
    const target = link.getAttribute('href').replace('#/', '');
    if (target === path.split('/')[0]) {
      link.setAttribute('aria-current', 'page');
    } else {
      link.removeAttribute('aria-current');
    }
  }
}
