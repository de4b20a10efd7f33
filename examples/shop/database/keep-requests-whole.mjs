// PGlite has one session. Its socket server shares that session among connections by queueing single protocol
// messages, and keeps to one connection only inside a transaction. A parameterised query is five messages (Parse,
// Bind, Describe, Execute, Sync), so two connections that query at once would overwrite each other's unnamed statement:
// 'portal "" does not exist'. This makes the database answer "in a transaction" until Sync has ended the request.

const EXTENDED_QUERY_MESSAGES = new Set([...'PBDEC'].map((letter) => letter.charCodeAt(0)));

/** The same database, to be given to the socket server. Statement names are still shared: use unnamed statements. */
export function keepRequestsWhole(db) {
  let isRequestOpen = false;
  const overrides = {
    isInTransaction: () => isRequestOpen || db.isInTransaction(),
    execProtocolRawStream(message, options) {
      isRequestOpen = EXTENDED_QUERY_MESSAGES.has(message[0]);
      return db.execProtocolRawStream(message, options);
    },
    exec(...args) {
      // The server's own ROLLBACK for a connection that went away in mid-request.
      isRequestOpen = false;
      return db.exec(...args);
    },
  };
  return new Proxy(db, {
    get(target, name) {
      if (Object.hasOwn(overrides, name)) return overrides[name];
      const value = target[name];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
