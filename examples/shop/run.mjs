// `npm run demo`: starts the compiled runner (examples/shop/runner/main.ts).
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const runner = new URL('build/examples/shop/runner/main.js', new URL('../../', import.meta.url));

function whyNot() {
  // The agent runs on Node.js 18.19 too; Fastify 5 and the embedded database do not.
  if (Number(process.versions.node.split('.')[0]) < 20) return 'The demo needs Node.js 20 or later.';
  if (!existsSync(runner)) return 'The demo is not built: run "npm run demo" at the root of the repository.';
  return undefined;
}

const reason = whyNot();
if (reason === undefined) {
  const { runDemo } = await import(runner.href);
  await runDemo(root);
} else {
  console.error(reason);
  process.exitCode = 1;
}
