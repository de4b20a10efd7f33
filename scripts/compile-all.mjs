#!/usr/bin/env node
/**
 * Makes dist/compiled.bin, the compiled code that the package carries, and the first line of dist/register.js, which says
 * what of it lies where: for the Node.js that runs this, and for those that
 * scripts/install-nodes.mjs has put into .nodes/. Part of `npm run build`, after the sources were built. Format:
 * src/compiled.ts.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { COMPILED_FILE, HEAD_BYTES } = createRequire(import.meta.url)('../build/src/compiled.js');
const folder = join(root, '.nodes');
const others = existsSync(folder) ? readdirSync(folder).map((version) => join(folder, version, 'bin/node')) : [];
const scratch = mkdtempSync(join(tmpdir(), 'trace-agent-compile-'));
// An environment of its own: nobody preloads anything, and no span finds a collector.
const env = { OTEL_SERVICE_NAME: 'compile', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_LOG_LEVEL: 'none' };

/** Build of Node.js -> name of a file -> its code. */
const builds = new Map();
try {
  for (const [number, node] of [process.execPath, ...others.filter(existsSync)].entries()) {
    const file = join(scratch, String(number));
    execFileSync(node, [join(root, 'scripts/compile.cjs'), file], { env, stdio: 'inherit' });
    const bytes = readFileSync(file);
    const end = bytes.indexOf(10);
    const { key, files } = JSON.parse(bytes.subarray(0, end));
    const codeAt = ([offset, length]) => bytes.subarray(end + 1 + offset, end + 1 + offset + length);
    const codes = Object.entries(files).map(([name, place]) => [name, codeAt(place)]);
    if (!builds.has(key)) builds.set(key, new Map(codes));
  }
} finally {
  rmSync(scratch, { recursive: true });
}

const names = [...new Set([...builds.values()].flatMap((codes) => [...codes.keys()]))];
const pieces = [];
let position = 0;
/** Where a build's part begins, and how long each code of it is; 0 for none. */
const layouts = [...builds].map(([key, codes]) => {
  const layout = [position];
  for (const name of names) {
    const code = codes.get(name) ?? Buffer.alloc(0);
    layout.push(code.length);
    if (code.length === 0) continue;
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32LE(position, 0);
    head.writeUInt32LE(code.length, 4);
    pieces.push(head, code);
    position += HEAD_BYTES + code.length;
  }
  return [key, layout];
});
writeFileSync(join(root, 'dist', COMPILED_FILE), Buffer.concat(pieces));

/**
 * Short: what Node.js 20 does to find the exports of a CommonJS file that is imported takes 4 MiB more from 13 kB on, when
 * its WebAssembly is compiled by the optimising compiler. A line that is there already is replaced.
 */
const cases = layouts.map(([key, layout]) => `case ${JSON.stringify(key)}:l=${JSON.stringify(layout)};break;`);
const line =
  `switch(k){${cases.join('')}default:return}var at=l[0],files={};${JSON.stringify(names)}.forEach((name,i)=>{` +
  `if(l[i+1]){files[name]=[at,l[i+1]];at+=${HEAD_BYTES}+l[i+1]}});return files}`;
const start = '"use strict";function compiledFiles(k){var l;';
const entry = join(root, 'dist/register.js');
const map = join(root, 'maps/register.js.map');
const text = readFileSync(entry, 'utf8');
const { mappings, ...rest } = JSON.parse(readFileSync(map, 'utf8'));
const isThere = text.startsWith(start);
writeFileSync(entry, `${start}${line}\n${isThere ? text.slice(text.indexOf('\n') + 1) : text}`);
writeFileSync(map, JSON.stringify({ ...rest, mappings: isThere ? mappings : `;${mappings}` }));
