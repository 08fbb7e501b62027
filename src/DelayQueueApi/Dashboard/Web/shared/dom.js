/**
 * Builds an element. Whatever comes from the service reaches the page through here, as text or as an attribute, never as markup.
 * @param attributes by name; on… is a listener, false and null are left out
 */
export const h = (tag, attributes, ...children) => build(document.createElement(tag), attributes, children);

/** The same for what drawings are made of. */
export const svg = (tag, attributes, ...children) => build(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      element.addEventListener(name.slice('on'.length), value);
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? '' : value);
    }
  }

  element.append(...parts(children));
  return element;
}

/** Puts something else into an element. */
export function fill(element, ...children) {
  element.replaceChildren(...parts(children));
  return element;
}

/** Changes a text only where it is another one, so that a selection in it stays. */
export function say(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** Shows one element or none. */
export function show(element, visible) {
  element.hidden = !visible;
}

function parts(children) {
  return children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false);
}
