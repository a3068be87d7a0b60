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

/**
 * Puts elements into a place in their order, and takes away what else is there. An element that is moved loses the focus and the selection
 * that are in it, so none is that stands right, and others go around one that is being read or used.
 */
export function arrange(place, elements) {
  const wanted = new Set(elements);
  [...place.children].filter((element) => !wanted.has(element)).forEach((element) => element.remove());
  const selection = document.getSelection();
  const used = elements.find((element) => element.parentNode === place && (element.contains(document.activeElement) || selection.containsNode(element, true)));
  let next = null;
  for (const element of [...elements].reverse()) {
    if (element.parentNode !== place || (element !== used && element.nextElementSibling !== next)) {
      place.insertBefore(element, next);
    }

    next = element;
  }
}

/** Fills a place with elements that were made anew. Where one says what the one in its place says, that one stays, and what is selected in it. */
export function renew(place, elements) {
  elements.forEach((element, at) => {
    const before = place.children[at];
    if (!before) {
      place.append(element);
    } else if (!before.isEqualNode(element)) {
      before.replaceWith(element);
    }
  });
  while (place.children.length > elements.length) {
    place.lastElementChild.remove();
  }
}

/** Does something while its button cannot be pressed again. The focus, which such a button loses, comes back unless it has gone on. */
export async function hold(button, act) {
  button.disabled = true;
  try {
    return await act();
  } finally {
    button.disabled = false;
    if (document.activeElement === document.body) {
      button.focus();
    }
  }
}

/** Whether a dialog was closed with an answer. It is told once: a dialog that is closed without one keeps the last. */
export function takeAnswer(dialog, answer) {
  const isGiven = dialog.returnValue === answer;
  if (isGiven) {
    dialog.returnValue = "";
  }

  return isGiven;
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
