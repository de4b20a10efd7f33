'use strict';
// Turns any value into plain JSON that says all an application could see of it: class, order of keys, own symbols,
// errors with class, code, message and the first line of the stack.

const DEPTH = 6;

/** Different in every run, or longer by what propagation adds. */
const VOLATILE = ['localPort', 'bytesWritten', 'bytesRead'];

function className(value) {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null) return '(no prototype)';
  const maker = prototype.constructor;
  return typeof maker === 'function' ? maker.name : '(no constructor)';
}

function classChain(value) {
  const names = [];
  for (let at = Object.getPrototypeOf(value); at !== null && names.length < 12; at = Object.getPrototypeOf(at)) {
    names.push(Object.hasOwn(at, 'constructor') ? at.constructor?.name : '(anonymous)');
  }
  return names.join(' < ');
}

const keyText = (key) => (typeof key === 'symbol' ? `[${key.toString()}]` : key);

/** Reads without running getters that an application did not ask for. */
function ownValues(value, depth, seen, skip) {
  const result = {};
  for (const key of Reflect.ownKeys(value)) {
    if (skip.includes(key) || VOLATILE.includes(key)) continue;
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    const flags = descriptor.enumerable ? '' : ' (hidden)';
    result[keyText(key) + flags] = 'value' in descriptor ? describe(descriptor.value, depth - 1, seen) : '(accessor)';
  }
  return result;
}

function describeError(error, depth, seen) {
  return {
    error: classChain(error),
    name: error.name,
    message: error.message,
    stackStart: String(error.stack).split('\n')[0],
    ...ownValues(error, depth, seen, ['stack', 'message']),
  };
}

function describeFunction(value) {
  const keys = Reflect.ownKeys(value).filter(
    (key) => !['length', 'name', 'prototype', 'arguments', 'caller'].includes(key),
  );
  return `function ${value.name}/${value.length}${keys.length > 0 ? ` {${keys.map(keyText).join()}}` : ''}`;
}

function describeObject(value, depth, seen) {
  if (seen.has(value)) return '(seen)';
  seen.add(value);
  try {
    if (value instanceof Error) return describeError(value, depth, seen);
    if (Buffer.isBuffer(value)) return `Buffer ${value.toString('latin1')}`;
    if (ArrayBuffer.isView(value)) return `${className(value)} ${Array.from(value).join()}`;
    if (value instanceof Date) return `Date ${value.toJSON()}`;
    if (value instanceof RegExp) return `RegExp ${value}`;
    if (value instanceof URL) return `URL ${value.href}`;
    if (value instanceof Map) return { Map: [...value].map((pair) => describe(pair, depth - 1, seen)) };
    if (value instanceof Set) return { Set: [...value].map((item) => describe(item, depth - 1, seen)) };
    if (depth <= 0) return `(${className(value)})`;
    if (Array.isArray(value)) return value.map((item) => describe(item, depth - 1, seen));
    const name = className(value);
    return { ...(name === 'Object' ? {} : { '(class)': name }), ...ownValues(value, depth, seen, []) };
  } finally {
    seen.delete(value);
  }
}

/** JSON for `value`, `depth` levels deep. */
function describe(value, depth = DEPTH, seen = new Set()) {
  if (typeof value === 'function') return describeFunction(value);
  if (typeof value === 'object' && value !== null) return describeObject(value, depth, seen);
  if (['bigint', 'symbol', 'undefined'].includes(typeof value)) return `(${typeof value}) ${String(value)}`;
  return typeof value === 'number' && !Number.isFinite(value) ? `(number) ${value}` : value;
}

module.exports = { describe, classChain, className, keyText };
