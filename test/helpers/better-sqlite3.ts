/**
 * The native part of better-sqlite3, made from the sources in the package: what its install script would do is download it,
 * and with node-gyp the headers of Node.js, which lie beside the binary that runs the tests.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** All that the programs need; each of its extensions would take longer to compile than the test to run. */
const DEFINES = ['-DSQLITE_DQS=0', '-DSQLITE_THREADSAFE=2', '-DSQLITE_ENABLE_COLUMN_METADATA', '-DHAVE_USLEEP=1'];
const QUICKLY = ['-O0', '-w', '-fPIC'];

type Built = { readonly binding: string; readonly database: string };

/**
 * Builds it for this Node.js, once, inside the package's folder; `other` is another release, whose copy of SQLite itself
 * is used, as that takes most of the time. Returns the paths of both parts, or why they cannot be built; in CI that throws
 * instead.
 */
export function buildBetterSqlite3(folder: string, other?: Built): Built | { readonly skip: string } {
  const binding = join(folder, `for-modules-${process.versions.modules}.node`);
  const database = other?.database ?? join(folder, 'sqlite3-for-tests.o');
  const sources = other === undefined ? folder : dirname(other.database);
  const run = (command: string, ...parameters: string[]): void => {
    execFileSync(command, [...QUICKLY, ...DEFINES, ...parameters], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  };
  /** Two test files may need it at once. */
  const make = (result: string, command: string, ...parameters: string[]): void => {
    if (existsSync(result)) return;
    const part = `${result}.${process.pid}`;
    run(command, ...parameters, '-o', part);
    renameSync(part, result);
  };
  try {
    make(database, 'gcc', '-c', 'deps/sqlite3/sqlite3.c');
    const includes = [join(dirname(process.execPath), '../include/node'), join(sources, 'deps/sqlite3')];
    const headers = includes.map((path) => `-I${path}`);
    make(binding, 'g++', '-std=c++20', '-shared', ...headers, 'src/better_sqlite3.cpp', database);
    return { binding, database };
  } catch (error) {
    if (process.env.CI) throw error;
    return { skip: `better-sqlite3 cannot be compiled: ${String(error).slice(0, 200)}` };
  }
}
