// Starts Azurite as a child that its owner ends. A Ctrl-C in the owner's terminal reaches the whole process group, and
// must not take storage away while the owner still writes to it: what Azurite does at SIGINT (write its data out, and
// go) it does at SIGTERM here, which it would otherwise die of in the middle of a write.
const listen = process.once.bind(process);
process.once = (event, listener) => listen(event === "SIGINT" ? "SIGTERM" : event, listener);
process.on("SIGINT", () => {});
require(require("path").join(process.cwd(), "node_modules", "azurite", "dist", "src", "azurite.js"));
