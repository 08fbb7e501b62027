// Numbers, spans and instants as people read them.
const whole = new Intl.NumberFormat('en');
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 });
let aheadMs = 0;

export const count = number => whole.format(number);
export const short = number => compact.format(number);
export const jobCount = number => `${count(number)} ${number === 1 ? 'job' : 'jobs'}`;

/** So many a second. */
export const rate = number => number === 0 || number >= 100 ? count(Math.round(number)) : number.toFixed(number < 10 ? 2 : 1);

/** The clock of the service, as far as its answers tell it: that of this device may be wrong. */
export const now = () => Date.now() + aheadMs;

export function learnTime(date) {
  const ahead = Date.parse(date) - Date.now();
  // Answers tell whole seconds.
  aheadMs = Math.abs(ahead) > 2000 ? ahead : 0;
}

/** A span of time: "4.2 s", "3 min 5 s". */
export function span(ms) {
  const s = ms / 1000;
  if (ms < 1000) {
    return `${Math.round(ms)} ms`;
  }

  if (s < 60) {
    return `${s < 10 ? s.toFixed(1) : Math.floor(s)} s`;
  }

  const [large, small, size] = s < 3600 ? ['min', 's', 60] : s < 86400 ? ['h', 'min', 3600] : ['d', 'h', 86400];
  const rest = Math.floor(s % size / { s: 1, min: 60, h: 3600 }[small]);
  return `${count(Math.floor(s / size))} ${large}${rest > 0 ? ` ${rest} ${small}` : ''}`;
}

/** "in 3 min", "2 s ago" */
export function relative(instant) {
  const ms = Date.parse(instant) - now();
  return ms >= 1000 ? `in ${span(ms)}` : ms > -1000 ? 'now' : `${span(-ms)} ago`;
}

/** The instant in the time zone of this device. */
export function local(instant) {
  const date = new Date(instant);
  // Swedish is written as ISO 8601 asks.
  return `${date.toLocaleString('sv')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** JSON in lines, with characters that would hide or turn text round shown by their code. */
export const json = value => visible(JSON.stringify(value, null, 2) ?? '');

/** The beginning of JSON, in one line. */
export function brief(value) {
  const text = visible(JSON.stringify(value));
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

const visible = text =>
  text.replace(/[\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
