// Where the dashboard begins: which page stands at which address, and what all pages share.
import dead from './pages/dead.js';
import job from './pages/job.js';
import overview from './pages/overview.js';
import queue from './pages/queue.js';
import queues from './pages/queues.js';
import schedule from './pages/schedule.js';
import schedules from './pages/schedules.js';
import search from './pages/search.js';
import { h } from './shared/dom.js';
import { route } from './shared/router.js';
import { begin } from './shared/session.js';

await begin();

route(document.getElementById('main'), [
  ['', overview],
  ['queues', queues],
  ['queues/:queue', queue],
  ['queues/:queue/dead', dead],
  ['jobs/:id', job],
  ['schedules', schedules],
  ['schedules/:name', schedule],
  ['search', search],
], () => [h('h1', {}, 'No such page'), h('p', {}, h('a', { href: '#/' }, 'To the overview'))]);

document.querySelector('.skip').addEventListener('click', event => {
  event.preventDefault(); // The part after # names a page here, not a place on it.
  document.getElementById('main').focus();
});

const find = document.getElementById('find');
find.addEventListener('submit', event => {
  event.preventDefault();
  const id = find.elements.id.value.trim();
  if (id) {
    location.hash = `#/jobs/${encodeURIComponent(id)}`;
    find.reset();
  }
});
find.elements.id.disabled = false; // Sent before there is somebody to listen, it would get lost.
