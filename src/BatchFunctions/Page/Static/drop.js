// Files that are dragged over the page, wherever they are dropped.

import { byId } from "./elements.js";

/** @param {(files: File[]) => void} onFiles told what was dropped */
export function listenForDrops(onFiles) {
  // Entering a child comes before leaving its parent, so the page is left when as many have been left as entered.
  let depth = 0;
  const show = (change) => {
    depth = Math.max(0, depth + change);
    byId("drop").hidden = depth === 0;
  };
  const on = (name, handle) => document.addEventListener(name, (event) => {
    if (event.dataTransfer?.types.includes("Files")) {
      event.preventDefault();
      handle(event);
    }
  });
  on("dragenter", () => show(1));
  on("dragleave", () => show(-1));
  on("dragover", () => {});
  on("drop", (event) => {
    show(-depth);
    onFiles([...event.dataTransfer.files]);
  });
}
