/** Makes elements; nothing is ever read as HTML, so no file's name can be. */
type Child = Node | string | null;
type Attributes = Record<string, string | boolean | null | ((event: Event) => void)>;

/** Make an HTML element. An attribute of null or false is left out; a function is told of events. */
export function html<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[T] {
  return complete(document.createElement(tag), attributes, children);
}

/** Make an SVG element. */
export function svg(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  return complete(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function complete<T extends Element>(element: T, attributes: Attributes, children: Child[]): T {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

let colours: Record<string, string> = {}; // by label, what its variables are called

export function setColours(names: Record<string, string>): void {
  colours = names;
}

/** Give an element a label's colours; null for none. By CSSOM, which the page's policy allows. */
export function tint<T extends HTMLElement | SVGElement>(element: T, label: string | null): T {
  const name = label === null ? 'other' : (colours[label] ?? 'other');
  for (const [kind, ending] of [['emotion', ''], ['edge', '-edge'], ['on-emotion', '-on']]) {
    const spare = label === null ? '' : `, var(--ser-other${ending})`;
    element.style.setProperty(`--${kind}`, `var(--ser-${name}${ending}${spare})`);
  }
  return element;
}

/** Set one property of an element's style. */
export function styled<T extends HTMLElement>(element: T, values: Record<string, string>): T {
  for (const [name, value] of Object.entries(values)) element.style.setProperty(name, value);
  return element;
}
