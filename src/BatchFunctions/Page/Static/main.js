// Where the page begins: which of its views is shown. The address's hash says so, hence the back button works.

import { byId } from "./elements.js";
import * as key from "./key.js";
import { KeyView } from "./key-view.js";
import { ListView } from "./list-view.js";
import { hideError, showError } from "./notices.js";

const keyView = new KeyView(() => route());
const listView = new ListView(report);

/** Shows an error; whether to try again. A key that is refused is asked for anew. */
function report(error) {
  if (error.status === 401) {
    forget();
    keyView.refuse(error.message);
    return false;
  }

  showError(error);
  return error.status === 0 || error.status >= 500 || error.status === 429;
}

function forget() {
  key.forget();
  listView.clear();
  route();
}

function route() {
  hideError();
  const opened = key.read();
  byId("session").hidden = !opened;
  byId("key-shown").textContent = opened ? key.shown(opened) : "";
  if (!opened) {
    listView.hide();
    keyView.show();
    return;
  }

  keyView.hide();
  listView.show();
}

byId("forget").addEventListener("click", forget);
window.addEventListener("hashchange", route);
route();
