import uPlot from '../vendor/uplot/uPlot.esm.js';
import { h, say } from './dom.js';
import { short } from './format.js';

const heightPx = 200;
const dark = matchMedia('(prefers-color-scheme: dark)');

/**
 * Lines over time, with a legend that switches them on and off.
 * @param series {name, label} each; its colour is that of the style's swatch of that name
 * @param read puts a value of a line into words
 * @returns {element, update(columns)}: times in s, then the values of each line; null is a gap
 */
export function chart(title, series, read, signal) {
  let columns = [[], ...series.map(() => [])];
  const hidden = new Set();
  const canvas = h('div', { class: 'canvas', role: 'img', 'aria-label': title });
  const values = series.map(() => h('b', {}));
  const swatches = series.map(({ name }) => h('span', { class: `swatch ${name}` }));
  const switches = series.map((line, i) => h('button', { type: 'button', class: 'plain legend', 'aria-pressed': 'true', onclick: () => flip(i) },
    swatches[i], line.label, values[i]));
  const element = h('section', { class: 'panel chart' }, h('h2', {}, title), canvas, h('div', { class: 'legends' }, switches));
  let plot;

  function flip(i) {
    const off = !hidden.delete(i) && hidden.add(i);
    switches[i].setAttribute('aria-pressed', String(!off));
    plot?.setSeries(i + 1, { show: !off });
  }

  function tell(index) {
    values.forEach((value, i) => {
      const number = columns[i + 1][index];
      say(value, number === null || number === undefined ? '–' : read(number));
    });
  }

  // The canvas has its size once it stands on the page, and takes its colours when it is made.
  function draw() {
    plot?.destroy();
    plot = undefined;
    if (canvas.clientWidth > 0 && !signal.aborted) {
      plot = new uPlot(options(), columns, canvas);
    }
  }

  function options() {
    const { color, borderTopColor, fontFamily } = getComputedStyle(canvas);
    const axis = { stroke: color, grid: { stroke: borderTopColor, width: 1 }, ticks: { show: false }, font: `12px ${fontFamily}` };
    return {
      width: canvas.clientWidth,
      height: heightPx,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: { y: { range: (_, least, most) => [0, Math.max(most * 1.1, 1)] } },
      axes: [{ ...axis, space: 70, size: 30, values: '{HH}:{mm}:{ss}' }, { ...axis, size: 48, values: (_, ticks) => ticks.map(short) }],
      series: [{}, ...series.map((line, i) => ({ label: line.label, stroke: getComputedStyle(swatches[i]).backgroundColor, width: 2, show: !hidden.has(i), points: { size: 4 } }))],
      hooks: { setCursor: [u => tell(u.cursor.idx ?? columns[0].length - 1)] },
    };
  }

  const observer = new ResizeObserver(() => plot ? plot.setSize({ width: canvas.clientWidth, height: heightPx }) : draw());
  observer.observe(canvas);
  dark.addEventListener('change', draw, { signal });
  signal.addEventListener('abort', () => {
    observer.disconnect();
    plot?.destroy();
  });

  return {
    element,
    update(next) {
      columns = next;
      plot?.setData(columns);
      tell(plot?.cursor.idx ?? columns[0].length - 1);
    },
  };
}
