'use strict';
// What a scenario notes: labelled observations, in order, written to a file at the end. Knows nothing of the agent.
const { appendFileSync } = require('node:fs');
const { once } = require('node:events');
const { CLOSED_PORT } = require('../../fixtures/apps/calls.cjs');
const { describe, classChain } = require('./describe.cjs');
const { surface } = require('./surface.cjs');

/** What propagation adds to messages, the one thing that others may see of the agent. */
const PROPAGATION = ['traceparent', 'tracestate'];

/** Milliseconds since 1970. */
const TIME = /\b1\d{12}\b/g;

class Observer {
  #file;
  #masks = [];

  constructor(file) {
    this.#file = file;
  }

  /** Replaces a value that differs from run to run (a port, an id) in everything noted from here on. */
  mask(value, placeholder) {
    this.#masks.push([String(value), placeholder]);
    return value;
  }

  note(label, value, depth) {
    appendFileSync(this.#file, `${JSON.stringify(this.#masked([label, describe(value, depth)]))}\n`);
  }

  #masked(value) {
    if (typeof value === 'string') {
      return this.#masks.reduce((text, [from, to]) => text.replaceAll(from, to), value).replace(TIME, '<time>');
    }
    if (typeof value === 'number') return this.#masks.find(([from]) => from === String(value))?.[1] ?? value;
    if (Array.isArray(value)) return value.map((item) => this.#masked(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.#masked(key), this.#masked(item)]));
  }

  /** Notes what `run` returns, throws, or settles with; returns its value, undefined after an error. */
  async attempt(label, run, depth) {
    let value;
    try {
      value = run();
    } catch (error) {
      this.note(label, { thrown: error }, depth);
      return undefined;
    }
    const isThenable = typeof value?.then === 'function';
    try {
      const settled = isThenable ? await value : value;
      const how = isThenable ? `resolved ${classChain(value)}` : 'returned';
      this.note(label, { [how]: settled }, depth);
      return settled;
    } catch (error) {
      this.note(label, { [`rejected ${classChain(value)}`]: error }, depth);
      return undefined;
    }
  }

  /** Notes what a function with a callback hands to it. */
  callback(label, run, depth) {
    return new Promise((resolve) => {
      let calls = 0;
      const returned = run((...parameters) => {
        calls += 1;
        this.note(calls === 1 ? label : `${label}, call ${calls}`, parameters, depth);
        resolve(parameters);
      });
      this.note(
        `${label}: return value`,
        returned === undefined ? undefined : Object.prototype.toString.call(returned),
      );
    });
  }

  /** Notes the names of events as they come; the result lists them. */
  events(label, emitter, names, pick = () => undefined) {
    const seen = [];
    for (const name of names) {
      emitter.on(name, (...parameters) =>
        seen.push([name, ...[pick(name, ...parameters)].filter((item) => item !== undefined)]),
      );
    }
    return {
      seen,
      note: (depth) => this.note(label, seen, depth),
      until: (name) => once(emitter, name),
    };
  }

  /** Notes all that reflection shows of a module, one observation a line. */
  surface(label, value, depth) {
    this.note(`${label}: surface`, surface(value, depth));
  }

  /** Without what propagation adds and what differs from run to run. */
  headers(headers) {
    const left = {};
    for (const [name, value] of Object.entries(headers)) {
      if (!PROPAGATION.includes(name.toLowerCase())) left[name] = name.toLowerCase() === 'date' ? '<date>' : value;
    }
    return left;
  }

  /** Names and values in turn, without the same. */
  rawHeaders(list) {
    const left = [];
    for (let index = 0; index < list.length; index += 2) {
      if (!PROPAGATION.includes(list[index].toLowerCase()))
        left.push(list[index], list[index] === 'Date' ? '<date>' : list[index + 1]);
    }
    return left;
  }

  /** A loopback port that nobody listens on, masked. */
  closedPort() {
    return this.mask(CLOSED_PORT, '<port>');
  }

  /** Listens on a free loopback port, which is masked. */
  async listen(server, host = '127.0.0.1') {
    server.listen(0, host);
    await once(server, 'listening');
    return this.mask(server.address().port, '<port>');
  }
}

module.exports = { Observer };
