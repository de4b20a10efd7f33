'use strict';
// Runs one part of a scenario: `node program.cjs <output file> <scenario> [crash]`. The same with and without the agent.
const { Observer } = require('./lib/observer.cjs');

const [file, name, crash] = process.argv.slice(2);
const scenario = require(`./scenarios/${name}.cjs`);
const observer = new Observer(file);

async function main() {
  if (crash === undefined) {
    for (const module of scenario.modules) observer.surface(module, require(module), scenario.depth);
    await scenario.run(observer);
    observer.note('the end', true);
  } else {
    await scenario.crashes[crash](observer);
  }
}

main();
