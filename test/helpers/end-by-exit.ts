/**
 * Ends the test process by `process.exit` when nothing is left to do. Import it where HTTP/2 servers over TLS run in the
 * test's own process: at a natural end Node 20 now and then waits for one of their handles for ever, with a busy core
 * (`Environment::CleanupHandles`), long after all tests have passed.
 */
process.once('beforeExit', () => process.exit());
