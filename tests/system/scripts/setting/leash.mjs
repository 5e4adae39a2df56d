// Preloaded into a program that a test starts: its input ends when the test's process does, whatever ended that, and so it ends too.
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM")).resume().unref();
