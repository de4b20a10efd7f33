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

/**
 * Builds it for this Node.js, once, inside the package's folder. Returns its path, or why it cannot be built; in CI that
 * throws instead.
 */
export function buildBetterSqlite3(folder: string): { readonly binding: string } | { readonly skip: string } {
  const binding = join(folder, `for-modules-${process.versions.modules}.node`);
  if (existsSync(binding)) return { binding };
  const headers = join(dirname(process.execPath), '../include/node');
  const run = (command: string, ...parameters: string[]): void => {
    execFileSync(command, parameters, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  try {
    const part = `${process.pid}.sqlite3.o`;
    const made = `${process.pid}.node`;
    run('gcc', ...QUICKLY, ...DEFINES, '-c', 'deps/sqlite3/sqlite3.c', '-o', part);
    const includes = [`-I${headers}`, '-Ideps/sqlite3'];
    run(
      'g++',
      ...QUICKLY,
      ...DEFINES,
      '-std=c++20',
      '-shared',
      ...includes,
      'src/better_sqlite3.cpp',
      part,
      '-o',
      made,
    );
    renameSync(join(folder, made), binding);
    return { binding };
  } catch (error) {
    if (process.env.CI) throw error;
    return { skip: `better-sqlite3 cannot be compiled: ${String(error).slice(0, 200)}` };
  }
}
