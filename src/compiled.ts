/**
 * Loads the agent's own files together with their compiled code, which the package carries for the builds of Node.js that
 * it was made with: compiling takes half of a start. Where there is none, or V8 refuses it, they are compiled as ever.
 * Part of the preload entry: must parse on Node 6 (ES2015 syntax), imports nothing at load time.
 *
 *   dist/compiled.bin    { position: u32, length: u32, what vm.Script.createCachedData() gave } ...   (little endian)
 */
import type ModuleClass from 'node:module';
import type { Script } from 'node:vm';

/** Where the code of a file of dist/ lies, by its name: position of its head, length in bytes without it. */
export interface CompiledFiles {
  readonly [name: string]: readonly [position: number, length: number] | undefined;
}

/** The compiled code for this Node.js. */
export interface CompiledCodes {
  has(name: string): boolean;
  /** Undefined: the file is compiled as ever. May throw. */
  read(name: string): Buffer | undefined;
}

/** In dist/. */
export const COMPILED_FILE = 'compiled.bin';
/** Before each piece of code, the numbers that lead to it: a file that was cut off or replaced has others there. */
export const HEAD_BYTES = 8;

/**
 * What there is for a build of Node.js, by its {@link compiledKey}. A line of the preload entry that
 * scripts/compile-all.mjs adds (reading it from a file of its own takes 0.3 ms): not there in the sources.
 */
declare const compiledFiles: ((key: string) => CompiledFiles | undefined) | undefined;

type Require = NodeJS.Require;
interface Modules {
  new (id: string): NodeJS.Module;
  readonly _cache: { [file: string]: NodeJS.Module | undefined };
  readonly createRequire: typeof ModuleClass.createRequire;
  readonly builtinModules: readonly string[];
}

/** What `require('node:module')` gives, which a process that has only CommonJS files has not loaded yet. */
const Modules = module.constructor as unknown as Modules;

const PREFIX = 'v8_enable_';

/**
 * Which build of V8 this is. V8 itself compares its version, its flags and the number of its own functions; a build of
 * another configuration, as some distributions make them, is not even asked.
 */
export function compiledKey(): string {
  const { variables = {} } = (process.config || {}) as { readonly variables?: { readonly [name: string]: unknown } };
  const enabled: string[] = [];
  for (const name in variables) {
    if (name.indexOf(PREFIX) === 0 && Number(variables[name]) === 1) enabled.push(name.slice(PREFIX.length));
  }
  return [process.versions.v8, process.platform, process.arch, ...enabled.sort()].join(' ');
}

/** The text that V8 compiles for a CommonJS file. */
function wrapSource(source: string): string {
  return `(function(exports,require,module,__filename,__dirname){${source}\n})`;
}

/** Of Node.js itself: not that of a loader that gives sources of its own. */
function isOriginal(require_: Require): boolean {
  return require_.cache === (Modules._cache as unknown);
}

/** Loads files of one folder, and what they require of it, with the compiled code that there is for each. */
export class CompiledFolder {
  readonly _folder: string;
  readonly _codes: CompiledCodes;
  readonly _require: Require;
  /** Asked for a dozen times each at a start. */
  readonly _builtins: { [id: string]: unknown } = {};
  readonly _onScript: ((name: string, script: Script) => void) | undefined;

  /**
   * `folder` is an absolute, real path, `own` what `require` is there. `onScript` is told of each file that was compiled, to
   * make the code of the package.
   */
  constructor(folder: string, codes: CompiledCodes, own: Require, onScript?: (name: string, script: Script) => void) {
    this._folder = folder;
    this._codes = codes;
    this._require = own;
    this._onScript = onScript;
  }

  /** `name` is relative to the folder, with `/` separators. Throws what the file throws. */
  load(name: string): unknown {
    const { join, dirname } = require('node:path') as typeof import('node:path');
    const file = join(this._folder, name);
    const known = Modules._cache[file];
    if (known !== undefined) return known.exports;
    const run = this._compile(name, file);
    const module = new Modules(file);
    module.filename = file;
    Modules._cache[file] = module;
    try {
      run.call(module.exports, module.exports, this._requireOf(name, file), module, file, dirname(file));
      module.loaded = true;
    } catch (error) {
      delete Modules._cache[file];
      throw error;
    }
    return module.exports;
  }

  _compile(name: string, file: string): (...parameters: unknown[]) => void {
    const vm = require('node:vm') as typeof import('node:vm');
    const { readFileSync } = require('node:fs') as typeof import('node:fs');
    const cachedData = this._codeFor(name);
    const source = wrapSource(readFileSync(file, 'utf8'));
    // Node.js 18 and 20 show, in stacks, the name that is in the compiled code: not that of a folder on another machine.
    const filename = this._onScript === undefined ? file : `@org/trace-agent/dist/${name}`;
    const script = new vm.Script(source, cachedData === undefined ? { filename } : { filename, cachedData });
    if (this._onScript !== undefined) this._onScript(name, script);
    return script.runInThisContext() as (...parameters: unknown[]) => void;
  }

  _codeFor(name: string): Buffer | undefined {
    try {
      return this._codes.read(name);
    } catch (_error) {
      return undefined;
    }
  }

  /** What `require` is inside of a file of the folder. */
  _requireOf(name: string, file: string): Require {
    const { posix } = require('node:path') as typeof import('node:path');
    let made: Require | undefined =
      posix.dirname(name) === '.' && isOriginal(this._require) ? this._require : undefined;
    // Made when it is needed: most files ask for built-ins and for files that are compiled.
    const original = (): Require => {
      if (made === undefined) made = Modules.createRequire(file);
      return made;
    };
    const own = (id: string): unknown => {
      const other = id[0] === '.' ? posix.join(posix.dirname(name), id) : '';
      if (other !== '' && this._codes.has(other)) return this.load(other);
      if (id.indexOf('node:') !== 0 && Modules.builtinModules.indexOf(id) === -1) return original()(id);
      if (this._builtins[id] === undefined) this._builtins[id] = require(id);
      return this._builtins[id];
    };
    const properties = ['cache', 'resolve', 'main'].map(
      (key) => [key, { get: () => original()[key as 'main'] }] as const,
    );
    for (const [key, descriptor] of properties) Object.defineProperty(own, key, descriptor);
    return own as unknown as Require;
  }
}

function readCode(file: string, position: number, length: number): Buffer {
  const fs = require('node:fs') as typeof import('node:fs');
  const bytes = Buffer.allocUnsafeSlow(HEAD_BYTES + length);
  const handle = fs.openSync(file, 'r');
  try {
    const size = fs.readSync(handle, bytes, 0, bytes.length, position);
    const isThis = bytes.readUInt32LE(0) === position && bytes.readUInt32LE(4) === length;
    if (size !== bytes.length || !isThis) throw new Error('the file is another one');
  } finally {
    fs.closeSync(handle);
  }
  return bytes.subarray(HEAD_BYTES);
}

/** Undefined when there is no compiled code for this Node.js. */
function findCodes(folder: string): CompiledCodes | undefined {
  const files = typeof compiledFiles === 'function' ? compiledFiles(compiledKey()) : undefined;
  return (
    files && {
      has: (name) => files[name] !== undefined,
      read(name) {
        const place = files[name];
        return place && readCode(`${folder}/${COMPILED_FILE}`, place[0], place[1]);
      },
    }
  );
}

/** Loads a file of the folder of `own`, with compiled code where there is some. Throws what the file throws. */
export function loadCompiled(folder: string, name: string, own: Require, loadPlain: () => unknown): unknown {
  const codes = findCodes(folder);
  // Somebody else's `require`, as test runners have one, has no modules of this kind.
  return codes === undefined || Modules._cache === undefined
    ? loadPlain()
    : new CompiledFolder(folder, codes, own).load(name);
}
