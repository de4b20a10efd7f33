'use strict';
// The floor: what it costs to know the request anywhere in its work, with nothing done with it. Every server request
// runs in a context of AsyncLocalStorage; no span, no attribute, no header. No agent that follows work can cost less.
const { AsyncLocalStorage } = require('node:async_hooks');
const { Server } = require('node:net');

const storage = new AsyncLocalStorage();
const { emit } = Server.prototype;

/** Servers of http, https and http2 inherit it. */
Server.prototype.emit = function (event) {
  // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
  if (event !== 'request' && event !== 'stream') return emit.apply(this, arguments);
  // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
  return storage.run({}, () => emit.apply(this, arguments));
};
