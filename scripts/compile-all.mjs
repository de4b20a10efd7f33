#!/usr/bin/env node
/**
 * Makes dist/compiled.bin, the compiled code that the package carries: for the Node.js that runs this, and for those that
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

const index = {};
const codes = [];
let position = HEAD_BYTES;
try {
  for (const [number, node] of [process.execPath, ...others.filter(existsSync)].entries()) {
    const file = join(scratch, String(number));
    execFileSync(node, [join(root, 'scripts/compile.cjs'), file], { env, stdio: 'inherit' });
    const bytes = readFileSync(file);
    const end = bytes.indexOf(10);
    const { key, files } = JSON.parse(bytes.subarray(0, end));
    if (key in index) continue;
    const places = Object.entries(files).map(([name, [offset, length]]) => [name, [position + offset, length]]);
    index[key] = Object.fromEntries(places);
    const code = bytes.subarray(end + 1);
    codes.push(code);
    position += code.length;
  }
} finally {
  rmSync(scratch, { recursive: true });
}
const head = Buffer.from(JSON.stringify(index).padEnd(HEAD_BYTES));
if (head.length !== HEAD_BYTES) throw new Error(`the index has ${head.length} bytes, more than HEAD_BYTES`);
writeFileSync(join(root, 'dist', COMPILED_FILE), Buffer.concat([head, ...codes]));
