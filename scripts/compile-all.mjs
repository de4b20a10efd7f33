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

const index = new Map();
const pieces = [];
let position = 0;
try {
  for (const [number, node] of [process.execPath, ...others.filter(existsSync)].entries()) {
    const file = join(scratch, String(number));
    execFileSync(node, [join(root, 'scripts/compile.cjs'), file], { env, stdio: 'inherit' });
    const bytes = readFileSync(file);
    const end = bytes.indexOf(10);
    const { key, files } = JSON.parse(bytes.subarray(0, end));
    if (index.has(key)) continue;
    const places = {};
    for (const [name, [offset, length]] of Object.entries(files)) {
      const head = Buffer.alloc(HEAD_BYTES);
      head.writeUInt32LE(position, 0);
      head.writeUInt32LE(length, 4);
      pieces.push(head, bytes.subarray(end + 1 + offset, end + 1 + offset + length));
      places[name] = [position, length];
      position += HEAD_BYTES + length;
    }
    index.set(key, places);
  }
} finally {
  rmSync(scratch, { recursive: true });
}
writeFileSync(join(root, 'dist', COMPILED_FILE), Buffer.concat(pieces));

/** Only what this Node.js has is made; the rest is text that nobody reads. A line that is there already is replaced. */
const cases = [...index].map(([key, places]) => `case ${JSON.stringify(key)}:return ${JSON.stringify(places)};`);
const entry = join(root, 'dist/register.js');
const map = join(root, 'maps/register.js.map');
const start = '"use strict";function compiledFiles(key){';
const text = readFileSync(entry, 'utf8');
const { mappings, ...rest } = JSON.parse(readFileSync(map, 'utf8'));
const isThere = text.startsWith(start);
writeFileSync(entry, `${start}switch(key){${cases.join('')}}}\n${isThere ? text.slice(text.indexOf('\n') + 1) : text}`);
writeFileSync(map, JSON.stringify({ ...rest, mappings: isThere ? mappings : `;${mappings}` }));
