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
const { COMPILED_FILE, LENGTH_DIGITS } = createRequire(import.meta.url)('../build/src/compiled.js');
const folder = join(root, '.nodes');
const others = existsSync(folder) ? readdirSync(folder).map((version) => join(folder, version, 'bin/node')) : [];
const scratch = mkdtempSync(join(tmpdir(), 'trace-agent-compile-'));
// An environment of its own: nobody preloads anything, and no span finds a collector.
const env = { OTEL_SERVICE_NAME: 'compile', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_LOG_LEVEL: 'none' };

const index = {};
const parts = [];
let offset = 0;
try {
  for (const [number, node] of [process.execPath, ...others.filter(existsSync)].entries()) {
    const file = join(scratch, String(number));
    execFileSync(node, [join(root, 'scripts/compile.cjs'), file], { env, stdio: 'inherit' });
    const bytes = readFileSync(file);
    const end = bytes.indexOf(10);
    const { key, files } = JSON.parse(bytes.subarray(0, end));
    if (key in index) continue;
    const list = Buffer.from(JSON.stringify(files));
    const part = Buffer.concat([list, bytes.subarray(end + 1)]);
    index[key] = [offset, list.length];
    parts.push(part);
    offset += part.length;
  }
} finally {
  rmSync(scratch, { recursive: true });
}
const text = JSON.stringify(index);
const length = String(text.length).padStart(LENGTH_DIGITS, '0');
writeFileSync(join(root, 'dist', COMPILED_FILE), Buffer.concat([Buffer.from(length + text), ...parts]));
