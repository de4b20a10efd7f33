/**
 * Loads the agent's own files together with their compiled code, which the package carries for the builds of Node.js that
 * it was made with: compiling takes half of a start. Where there is none, or V8 refuses it, they are compiled as ever.
 * Part of the preload entry: must parse on Node 6 (ES2015 syntax), imports nothing at load time.
 *
 *   dist/compiled.bin    <CompiledIndex, with spaces up to HEAD_BYTES> <what vm.Script.createCachedData() gave> ...
 */
import type ModuleClass from 'node:module';
import type { Script } from 'node:vm';

/** Where the code of a file of dist/ lies, by its name. */
export interface CompiledFiles {
  readonly [name: string]: readonly [position: number, length: number] | undefined;
}

/** The files of each build of Node.js, by its {@link compiledKey}. */
export interface CompiledIndex {
  readonly [key: string]: CompiledFiles | undefined;
}

/** The compiled code for this Node.js. */
export interface CompiledCodes {
  has(name: string): boolean;
  /** Undefined: the file is compiled as ever. May throw. */
  read(name: string): Buffer | undefined;
}

/** In dist/. */
export const COMPILED_FILE = 'compiled.bin';

type Require = NodeJS.Require;
interface Modules {
  new (id: string): NodeJS.Module;
  readonly _cache: { [file: string]: NodeJS.Module | undefined };
  readonly createRequire: typeof ModuleClass.createRequire;
  readonly builtinModules: readonly string[];
}

const PREFIX = 'v8_enable_';

/**
 * Which build of V8 this is. V8 itself compares its version, its flags and the number of its own functions; a build of
 * another configuration, as some distributions make them, is not even asked.
 */
export function compiledKey(): string {
  const { variables } = process.config as unknown as { readonly variables: { readonly [name: string]: unknown } };
  const names = Object.keys(variables).filter((name) => name.indexOf(PREFIX) === 0);
  const enabled = names.filter((name) => Number(variables[name]) === 1).map((name) => name.slice(PREFIX.length));
  return [process.versions.v8, process.platform, process.arch, ...enabled.sort()].join(' ');
}

/** The text that V8 compiles for a CommonJS file. */
function wrapSource(source: string): string {
  return `(function(exports,require,module,__filename,__dirname){${source}\n})`;
}

/** Loads files of one folder, and what they require of it, with the compiled code that there is for each. */
export class CompiledFolder {
  readonly _folder: string;
  readonly _codes: CompiledCodes;
  readonly _onScript: ((name: string, script: Script) => void) | undefined;

  /** `folder` is an absolute, real path. `onScript` is told of each file that was compiled, to make the code of the package. */
  constructor(folder: string, codes: CompiledCodes, onScript?: (name: string, script: Script) => void) {
    this._folder = folder;
    this._codes = codes;
    this._onScript = onScript;
  }

  /** `name` is relative to the folder, with `/` separators. Throws what the file throws. */
  load(name: string): unknown {
    const { join, dirname } = require('node:path') as typeof import('node:path');
    const Modules = require('node:module') as unknown as Modules;
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
    const { builtinModules, createRequire } = require('node:module') as unknown as Modules;
    let made: Require | undefined;
    // Made when it is needed: most files ask for built-ins and for files that are compiled.
    const original = (): Require => {
      if (made === undefined) made = createRequire(file);
      return made;
    };
    const own = (id: string): unknown => {
      const other = id[0] === '.' ? posix.join(posix.dirname(name), id) : '';
      if (other !== '' && this._codes.has(other)) return this.load(other);
      return id.indexOf('node:') === 0 || builtinModules.indexOf(id) !== -1 ? require(id) : original()(id);
    };
    const properties = ['cache', 'resolve', 'main'].map(
      (key) => [key, { get: () => original()[key as 'main'] }] as const,
    );
    for (const [key, descriptor] of properties) Object.defineProperty(own, key, descriptor);
    return own as unknown as Require;
  }
}

/** One read for all that is to know before the code itself. */
export const HEAD_BYTES = 8192;

function readPart(file: string, position: number, length: number): Buffer {
  const fs = require('node:fs') as typeof import('node:fs');
  const bytes = Buffer.allocUnsafeSlow(length);
  const handle = fs.openSync(file, 'r');
  try {
    if (fs.readSync(handle, bytes, 0, length, position) !== length) throw new Error('the file is cut off');
  } finally {
    fs.closeSync(handle);
  }
  return bytes;
}

/** Undefined when there is no compiled code for this Node.js. */
function readCodes(folder: string): CompiledCodes | undefined {
  const { join } = require('node:path') as typeof import('node:path');
  const file = join(folder, COMPILED_FILE);
  try {
    const index = JSON.parse(readPart(file, 0, HEAD_BYTES).toString('latin1')) as CompiledIndex;
    const files = index[compiledKey()];
    return (
      files && {
        has: (name) => files[name] !== undefined,
        read(name) {
          const place = files[name];
          return place && readPart(file, place[0], place[1]);
        },
      }
    );
  } catch (_error) {
    return undefined;
  }
}

/** Loads a file of the folder, with compiled code where there is some. Throws what the file throws. */
export function loadCompiled(folder: string, name: string, loadPlain: () => unknown): unknown {
  const codes = readCodes(folder);
  return codes === undefined ? loadPlain() : new CompiledFolder(folder, codes).load(name);
}
