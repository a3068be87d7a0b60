// Starts Azurite as a child that its users end.
"use strict";
const http = require("http");
const path = require("path");

// A Ctrl-C in a user's terminal reaches the whole process group, and must not take storage away while the user still
// writes to it: what Azurite does at SIGINT (write its data out, and go) it does at SIGTERM here.
const listen = process.once.bind(process);
process.once = (event, listener) => (event === "SIGINT" ? process : listen(event, listener));
process.on("SIGINT", () => {});
process.on("SIGHUP", () => {});

// When its starter has been killed, nobody reads what it says any more.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

// What a killed run has left goes on for the next one. When none comes it ends by itself. Seconds are counted and not
// clocks compared, so that a machine that slept does not look idle.
const limit = Number(process.env.BATCHFUNCTIONS_AZURITE_IDLE_SECONDS);
let idle = 0;
const emit = http.Server.prototype.emit;
http.Server.prototype.emit = function (event, ...rest) {
  if (event === "request") {
    idle = 0;
  }
  return emit.call(this, event, ...rest);
};
setInterval(() => {
  idle += 1;
  if (idle === limit) {
    process.emit("SIGTERM");
  } else if (idle > limit + 10) {
    process.exit(0);
  }
}, 1000).unref();

require(path.join(process.env.BATCHFUNCTIONS_AZURITE_FOLDER, "node_modules", "azurite", "dist", "src", "azurite.js"));
