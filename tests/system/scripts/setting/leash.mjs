// Preloaded into a program that a test starts: its input ends when the test's process ends, for whatever reason, and then the program ends too.
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM")).resume().unref();
