/**
 * The benchmark: bare, this agent and its rivals in one run, interleaved. See README.md here. Needs a build.
 *
 *   npm run bench -- --help
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeRun } from './about.mjs';
import { BENCH } from './agents.mjs';
import { installAll } from './install.mjs';
import { ciRecord, readOptions } from './options.mjs';
import { createPlan } from './plan.mjs';
import { runGate } from './regression.mjs';
import { printProgress } from './report/progress.mjs';
import { renderReport } from './report/report.mjs';
import { fatalFailures, runPlan } from './run-plan.mjs';

const RESULTS = join(BENCH, 'results');
const LATEST = { json: join(RESULTS, 'latest.json'), markdown: join(RESULTS, 'latest.md') };
const RECORDED = { json: join(RESULTS, 'recorded.json'), markdown: join(RESULTS, 'recorded.md') };
const CI_FILE = join(RESULTS, 'ci.json');

const print = (text) => process.stdout.write(`${text}\n`);

/** One cell a line: a recorded run that changed is readable in a diff. */
function toText({ about, cells }) {
  const lines = cells.map((cell) => `    ${JSON.stringify(cell)}`).join(',\n');
  return `{\n  "about": ${JSON.stringify(about)},\n  "cells": [\n${lines}\n  ]\n}\n`;
}

function write(files, results, markdown) {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(files.json, toText(results.toJSON()));
  writeFileSync(files.markdown, markdown);
  print(`written: ${files.json}`);
}

function reportFailures(results) {
  const fatal = fatalFailures(results);
  for (const { agent, group, scenario, mode, system, failures } of fatal) {
    print(`FAILED ${agent} ${group}/${scenario} ${mode} ${system}: ${failures[0]}`);
  }
  return fatal.length;
}

async function runAll(options, about) {
  const results = await runPlan({ ...options, steps: createPlan(options), about }, printProgress(options));
  const markdown = renderReport(results);
  print(markdown);
  write(LATEST, results, markdown);
  const failures = reportFailures(results);
  if (options.isRecording && failures > 0) print('not recorded: a run with failures is no record');
  if (options.isRecording && failures === 0) {
    write(RECORDED, results, markdown);
    const { publish } = await import('./report/publish.mjs');
    publish(results);
    return runCi(ciRecord(options), about);
  }
  return failures > 0 ? 1 : 0;
}

async function runCi(options, about) {
  const recorded = options.isRecording ? undefined : JSON.parse(readFileSync(CI_FILE, 'utf8'));
  const { results, verdicts, text } = await runGate({ ...options, steps: createPlan(options), about, recorded });
  print(text);
  const failures = reportFailures(results);
  if (options.isRecording && failures === 0) {
    const cells = verdicts.map(({ group, scenario, mode, system, share }) => ({
      group,
      scenario,
      mode,
      system,
      share,
    }));
    writeFileSync(CI_FILE, toText({ about, cells }));
  }
  return failures > 0 || verdicts.some(({ isRegressed }) => isRegressed) ? 1 : 0;
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.usage !== undefined) return print(options.usage);
  installAll(options.agents, { hasTools: !options.isCi });
  const command = ['npm run bench --', ...process.argv.slice(2)].join(' ');
  const about = describeRun({ ...options, command });
  process.exitCode = options.isCi ? await runCi(options, about) : await runAll(options, about);
}

main().catch((error) => {
  process.stderr.write(`bench: ${error.stack}\n`);
  process.exitCode = 1;
});
