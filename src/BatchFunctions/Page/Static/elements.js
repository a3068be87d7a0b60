// How the page writes to the document. Text goes in as text and nothing else: what users have written is never markup.

export const byId = (id) => document.getElementById(id);

/** A copy of what a template holds. */
export const copyOf = (template) => byId(template).content.firstElementChild.cloneNode(true);

/** The element that a copy of a template calls by this name. */
export const field = (root, name) => root.querySelector(`[data-field="${name}"]`);

/** Sets a text that has changed, and leaves alone one that has not: a selection in it stays. */
export function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** An element with a text or with elements in it. */
export function make(tag, { text, children = [], ...attributes } = {}) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }

  if (text !== undefined) {
    element.textContent = text;
  }

  element.append(...children);
  return element;
}
