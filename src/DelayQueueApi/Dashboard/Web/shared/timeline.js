// What of a queue is due in the coming hour.
import * as api from './api.js';
import { fill, h, say, show, svg } from './dom.js';
import { count, jobCount } from './format.js';
import { toJob } from './links.js';
import { poll } from './poll.js';
import { instant, link, table, text } from './table.js';

const everyMs = 5000;
const height = 60;
const barWidth = 10;
const gap = 2;

export function timeline(queue, signal) {
  const bars = svg('svg', { class: 'bars', preserveAspectRatio: 'none', role: 'img' });
  const drawing = h('div', {}, bars, h('p', { class: 'axis soft' }, h('span', {}, 'now'), h('span', {}, 'in 30 min'), h('span', {}, 'in 1 h')));
  const words = h('p', { class: 'soft' }, 'Looking …');
  const soonest = table('Next due jobs', [
    link('Job', job => job.id, job => toJob(job.id), 'code'),
    instant('Run at', job => job.runAt),
    text('Priority', job => count(job.priority), 'number'),
  ], job => job.id);

  poll(signal, everyMs, async () => {
    const due = await api.due(queue, signal).catch(error => {
      if (error.status !== 404) {
        throw error;
      }
    });
    if (due) {
      draw(bars, due.buckets);
      say(words, told(due));
      soonest.update(due.soonest);
      show(drawing, due.buckets.some(({ jobs }) => jobs > 0));
      show(soonest.element, due.soonest.length > 0);
    }
  });
  return { element: h('section', { class: 'panel' }, h('h2', {}, 'Next due'), drawing, words, soonest.element) };
}

function told({ ready, buckets, later }) {
  const within = buckets.reduce((sum, { jobs }) => sum + jobs, 0);
  return within + later === 0 ? `Nothing is scheduled; ${count(ready)} ready.`
    : `${jobCount(within)} due within an hour, ${count(largest(buckets))} in one minute at most. ${count(later)} later, ${count(ready)} ready now.`;
}

function draw(bars, buckets) {
  const most = Math.max(largest(buckets), 1);
  bars.setAttribute('viewBox', `0 0 ${buckets.length * barWidth} ${height}`);
  bars.setAttribute('aria-label', `Jobs due in each minute of the coming hour, ${count(largest(buckets))} at most`);
  fill(bars, buckets.map(({ jobs, until }, i) => {
    // What is there is seen, however little beside the largest.
    const tall = jobs === 0 ? 0 : Math.max(2, height * jobs / most);
    return svg('rect', { x: i * barWidth + gap / 2, y: height - tall, width: barWidth - gap, height: tall },
      svg('title', {}, `${jobCount(jobs)} until ${new Date(until).toLocaleTimeString('sv')}`));
  }));
}

const largest = buckets => Math.max(...buckets.map(({ jobs }) => jobs));
