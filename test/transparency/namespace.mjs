// Notes what ES modules see of a scenario's modules: `node namespace.mjs <output file> <scenario>`.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { Observer } = require('./lib/observer.cjs');
const { surface } = require('./lib/surface.cjs');

const [file, name] = process.argv.slice(2);
const observer = new Observer(file);
const scenario = require(`./scenarios/${name}.cjs`);

for (const module of [...scenario.modules, ...(scenario.esmModules ?? [])]) {
  const namespace = await import(module);
  observer.note(`${module}: keys`, Object.keys(namespace));
  observer.note(`${module}: surface of the namespace`, surface(namespace, 3));
  if (scenario.esmModules?.includes(module)) continue;
  const required = require(module);
  observer.note(`${module}: default is what require gives`, namespace.default === required);
  const same = Object.keys(namespace).filter((key) => namespace[key] === required[key]);
  observer.note(`${module}: names that are those of require`, same);
}
