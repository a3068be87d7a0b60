// Tables of lines. Roles are named because narrow windows lay these tables out otherwise, and would take them away.

import { make } from "./elements.js";

/** Writes a table anew, with a row for each line. */
export const fillTable = (table, columns, rows) => table.replaceChildren(
  make("thead", { role: "rowgroup", children: [rowWith("th", "columnheader", columns)] }),
  make("tbody", { role: "rowgroup", children: rows.map(rowOf) }));

/** A line's row. */
export const rowOf = (cells) => rowWith("td", "cell", cells);

const rowWith = (tag, role, cells) => make("tr", { role: "row", children: cells.map((text) => make(tag, { role, text })) });
