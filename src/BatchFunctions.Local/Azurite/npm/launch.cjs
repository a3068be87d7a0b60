// Starts Azurite as a child that ends with its parent. The parent holds the other end of standard input, which the
// system closes with it, however it ends.
"use strict";
const net = require("net");
const path = require("path");

const endLimit = 10_000;
const azurite = path.join(process.env.BATCHFUNCTIONS_AZURITE_FOLDER, "node_modules", "azurite", "dist", "src", "azurite.js");

// A signal in the parent's terminal or from a service manager reaches its children too, and must not take storage away
// while the parent still writes to it: what Azurite does at SIGTERM (write its data out, and go) it does at the end of
// standard input.
let shutDown = () => process.exit(0);
const listen = process.once.bind(process);
process.once = (event, listener) => {
  if (event === "SIGTERM") {
    shutDown = listener;
  }
  return event === "SIGTERM" || event === "SIGINT" ? process : listen(event, listener);
};
["SIGINT", "SIGTERM", "SIGHUP"].forEach((signal) => process.on(signal, () => {}));

// Where the parent has been killed, nobody reads what is said any more.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

// For as long as this process may write to its data, it answers here: the next one on the same data waits for that to end.
const guard = net.createServer((socket) => socket.on("error", () => {}).end(process.env.BATCHFUNCTIONS_AZURITE_ID));
guard.listen(0, "127.0.0.1", () => console.log(`The guard is listening at http://127.0.0.1:${guard.address().port}`));
guard.unref();

// What package.json replaces by nothing: telemetry, which is off and would take longer to load than all of the rest, and databases.
const { overrides } = require("./package.json");
const load = module.constructor._load;
module.constructor._load = (request, ...rest) => (Object.hasOwn(overrides, request) ? {} : load(request, ...rest));

// The parent's word that the guard's port is written down, and only then are the data opened.
process.stdin.once("data", () => require(azurite));

process.stdin.once("end", () => {
  setTimeout(() => process.exit(1), endLimit).unref();
  shutDown();
});
