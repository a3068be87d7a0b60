// Tables of lines. Roles are named because narrow windows lay these tables out otherwise, and would take them away.

import { make } from "./elements.js";

/** Writes a table anew, with a row for each line. */
export const fillTable = (table, columns, rows) => table.replaceChildren(
  make("thead", { role: "rowgroup", children: [rowWith("th", "columnheader", columns)] }),
  make("tbody", { role: "rowgroup", children: rows.map((cells) => rowOf(cells)) }));

/** A line's row; `bad` is the tone of one that failed, where there are others beside it. */
export const rowOf = (cells, tone = "") => rowWith("td", "cell", cells, tone);

const rowWith = (tag, role, cells, tone = "") =>
  make("tr", { role: "row", class: tone, children: cells.map((text) => make(tag, { role, text })) });
