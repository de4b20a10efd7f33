'use strict';
// Everything that reflection shows of a module: each property with its descriptor, each function with its name, length,
// kind and own properties, each prototype with its chain. One line for each, in the order of the keys.
const { classChain, keyText } = require('./describe.cjs');

const MAX_LINES = 20_000;

function flagsOf(descriptor) {
  const flag = (name, letter) => (descriptor[name] ? letter : '-');
  const kind =
    'value' in descriptor ? flag('writable', 'w') : `${descriptor.get ? 'g' : '-'}${descriptor.set ? 's' : '-'}`;
  return `${kind}${flag('enumerable', 'e')}${flag('configurable', 'c')}`;
}

const isClass = (value) => /^class\b/.test(Function.prototype.toString.call(value));

function kindOf(value) {
  if (typeof value !== 'function') return typeof value;
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  return `${isClass(value) ? 'class' : tag} ${value.name}/${value.length}`;
}

function describeValue(value) {
  if (value === null) return 'null';
  if (typeof value === 'object') return `object ${classChain(value)}${Object.isFrozen(value) ? ' frozen' : ''}`;
  if (typeof value === 'function') return `${kindOf(value)} < ${Object.getPrototypeOf(value)?.name}`;
  return typeof value;
}

/** Lines for `root` and what can be reached from it by own properties, `depth` levels deep. */
function surface(root, depth = 4) {
  const lines = [];
  const seen = new Map();
  const visit = (value, path, left) => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return;
    const first = seen.get(value);
    if (first !== undefined) {
      lines.push(`${path} is ${first}`);
      return;
    }
    seen.set(value, path);
    if (left === 0) return;
    const following = [];
    for (const key of Reflect.ownKeys(value)) {
      if (lines.length > MAX_LINES) return;
      const descriptor = Object.getOwnPropertyDescriptor(value, key);
      const name = `${path}.${keyText(key)}`;
      const text =
        'value' in descriptor
          ? describeValue(descriptor.value)
          : `accessor ${descriptor.get?.name}/${descriptor.set?.name}`;
      lines.push(`${name} ${flagsOf(descriptor)} ${text}`);
      if ('value' in descriptor) following.push([descriptor.value, name]);
      // Compiled modules export through getters.
      else if (value === root && root.__esModule === true) following.push([root[key], name]);
    }
    for (const [next, name] of following) visit(next, name, left - 1);
  };
  lines.push(`module ${describeValue(root)}`);
  visit(root, '', depth);
  return lines;
}

module.exports = { surface };
