/**
 * Loaded before a program that a test starts: it ends with the test's process, however that ends. A server that outlived a
 * test run would keep the run's output open, and whoever reads it would wait for ever.
 */
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.channel?.unref();
