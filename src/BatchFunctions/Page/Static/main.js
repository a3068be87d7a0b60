// Where the page begins: which of its views is shown. The address's hash says so, hence the back button works.

import { BatchView } from "./batch-view.js";
import { CreateDialog } from "./create-dialog.js";
import { listenForDrops } from "./drop.js";
import { byId } from "./elements.js";
import * as key from "./key.js";
import { KeyView } from "./key-view.js";
import { ListView } from "./list-view.js";
import { hideError, showError } from "./notices.js";
import { hideWay, showWay } from "./operator.js";
import { ServiceView } from "./service-view.js";
import { UsageView } from "./usage-view.js";
import { WebhooksView } from "./webhooks-view.js";

const keyView = new KeyView(() => route());
const listView = new ListView(report);
const batchView = new BatchView(report);
const usageView = new UsageView(report);
const serviceView = new ServiceView(report, () => {
  hideWay();
  location.hash = "#/";
  return false;
});
const webhooksView = new WebhooksView(report);
const createDialog = new CreateDialog((batch) => {
  location.hash = `#/batches/${batch.id}`;
});
const service = "#/service";
const usage = "#/usage";
const webhooks = "#/webhooks";
let shown = null;

/** What a key or token that opens nothing is told beside 401. Any other 403 is about what was asked for, and not about who asked. */
const shut = ["no_project", "project_being_erased"];

/** Shows an error; whether to try again. A key that is refused is asked for anew, and so is a token that opens no project. */
function report(error) {
  if (error.status === 401 || shut.includes(error.code)) {
    forget();
    keyView.refuse(error.message);
    return false;
  }

  showError(error);
  return error.passes === true;
}

function forget() {
  key.forget();
  listView.clear();
  createDialog.close();
  route();
}

/** The batch that a hash names, or one of the other views; null for the list. */
const viewOf = (hash) => ([service, usage, webhooks].includes(hash) ? hash : /^#\/batches\/([\w-]+)$/.exec(hash)?.[1] ?? null);

function route() {
  hideError();
  const opened = key.read();
  byId("session").hidden = !opened;
  byId("key-shown").textContent = opened ? key.shown(opened) : "";
  listView.hide();
  batchView.hide();
  serviceView.hide();
  usageView.hide();
  webhooksView.hide();
  keyView.hide();
  showWay();
  const before = shown;
  shown = opened ? viewOf(location.hash) : null;
  if (!opened) {
    keyView.show();
  } else if (shown === service) {
    serviceView.show();
  } else if (shown === usage) {
    usageView.show();
  } else if (shown === webhooks) {
    webhooksView.show();
  } else if (shown) {
    batchView.show(shown, listView.find(shown));
  } else {
    listView.show();
    if (before) {
      listView.focus(before);
    }
  }

  for (const link of byId("session").querySelectorAll("a")) {
    if (link.hash === shown) {
      link.setAttribute("aria-current", "page");
    } else {
      link.removeAttribute("aria-current");
    }
  }
}

byId("forget").addEventListener("click", forget);
byId("list-new").addEventListener("click", () => createDialog.open().catch(report));
listenForDrops((files) => {
  if (!key.read()) {
    showError(new Error("Paste an API key first, then drop the file."));
  } else if (files.length !== 1) {
    showError(new Error("A batch is made of one file: drop one at a time."));
  } else {
    createDialog.open(files[0]).catch(report);
  }
});
window.addEventListener("hashchange", route);
route();
