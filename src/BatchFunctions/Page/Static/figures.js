// Numbers with their names, in lists and tables.

import { make, renew, setText } from "./elements.js";
import * as format from "./format.js";

/** A number below its name; of a tone, if it has one, where it is not zero. */
export const figure = (name, value, tone = "", show = format.number) => make("div", {
  class: value > 0 ? tone : "",
  children: [make("dt", { text: name }), make("dd", { text: value === null ? "–" : show(value) })],
});

/** Values are texts, or lists of elements. */
export const showPairs = (list, pairs) => renew(
  list,
  pairs.flatMap(([name, value]) => [make("dt", { text: name }), make("dd", Array.isArray(value) ? { children: value } : { text: value })]));

/**
 * Writes a table. The first column has names, the others have numbers. A row stays as long as there is one in its place, so that what is
 * selected in a cell stays too.
 * @param {{cells: string[], tone?: string}[]} rows
 */
export function showTable(table, columns, rows) {
  if (!table.tHead) {
    table.append(
      make("thead", { children: [make("tr", { children: columns.map((text) => make("th", { scope: "col", text })) })] }),
      make("tbody"));
  }

  const body = table.tBodies[0];
  while (body.rows.length < rows.length) {
    body.append(make("tr", { children: columns.map((_, place) => (place === 0 ? make("th", { scope: "row" }) : make("td"))) }));
  }

  while (body.rows.length > rows.length) {
    body.lastElementChild.remove();
  }

  rows.forEach(({ cells, tone = "" }, place) => {
    body.rows[place].className = tone;
    cells.forEach((text, cell) => setText(body.rows[place].cells[cell], text));
  });
  table.hidden = rows.length === 0;
}
