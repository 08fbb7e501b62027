import { svg } from './dom.js';
import { count, span } from './format.js';

const width = 96;
const height = 20;
const edge = 2;
/** A line is for so long at least, so that the first looks do not fill it. */
const leastSpanMs = 60_000;

/**
 * A small line of what a number was lately. What it shows is told in words too.
 * @returns {element, update(samples)}: pairs of time, ms, and number, oldest first
 */
export function sparkline(what) {
  const line = svg('polyline', {});
  const element = svg('svg', { class: 'sparkline', viewBox: `0 0 ${width} ${height}`, role: 'img' }, line);
  return {
    element,
    update(samples) {
      const most = Math.max(0, ...samples.map(([, value]) => value));
      element.setAttribute('aria-label', words(what, samples, most));
      line.setAttribute('points', points(samples, most));
    },
  };
}

function words(what, samples, most) {
  if (samples.length < 2) {
    return `${what}: seen once so far`;
  }

  const [[start, first], [end, last]] = [samples[0], samples.at(-1)];
  return `${what} over ${span(end - start)}: from ${count(first)} to ${count(last)}, ${count(most)} at most`;
}

function points(samples, most) {
  const end = samples.at(-1)?.[0];
  const spanMs = Math.max(leastSpanMs, end - samples[0]?.[0]);
  const x = at => width - edge - (width - 2 * edge) * (end - at) / spanMs;
  const y = value => height - edge - (height - 2 * edge) * value / Math.max(most, 1);
  // What was seen once is a dash.
  const seen = samples.length === 1 ? [[end - leastSpanMs / 10, samples[0][1]], samples[0]] : samples;
  return seen.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
}
