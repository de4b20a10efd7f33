/**
 * What a run does, in order: steps, each a scenario in a mode that every agent runs before the next step begins. A round
 * is the whole list once.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './agents.mjs';
import { measureRequest } from './measure/request.mjs';
import { measureIdle, measureLoaded, measureMicro, measureRequire } from './measure/standing.mjs';
import { measureFirstRequest, measureStartup } from './measure/startup.mjs';
import {
  FIRST_REQUEST_SCENARIOS,
  IDLE_SCENARIO,
  LOADED_SCENARIO,
  MICRO_SCENARIO,
  REQUIRE_SCENARIO,
  SCENARIOS,
} from './scenarios.mjs';

/** A whole process is quick to run and noisy: more samples in each round. */
const STARTS_PER_ROUND = 9;
/** Of a bare process and of ours, after each of those: a difference of milliseconds is to be seen in them. */
const MORE_STARTS = 4;
const STARTUP_SCENARIOS = [
  { name: 'nothing', app: 'nothing', title: 'a process that does nothing', modes: ['always', 'disabled'] },
  { name: 'hello', app: 'hello', title: 'http hello: listen and exit', modes: ['always', 'disabled'] },
  { name: 'big', app: 'big', title: 'express, pg, ioredis, grpc-js loaded', modes: ['always', 'disabled'] },
];
/** Where `require` is measured besides the current Node; the first with module.registerHooks. */
const NEWER_NODES = ['22.15.0', '24.21.0'];
/** Where a request and what a context costs are measured, without rivals. */
const OTHER_NODES = ['18.19.1', '22.23.3', '24.21.0', '26.10.0'];

/**
 * @typedef Step
 * @property {string} group startup, request or standing
 * @property {object} scenario
 * @property {string} mode
 * @property {'cjs'|'esm'} system
 * @property {string} node Binary.
 * @property {string} [nodeVersion] When it is another one than the run's.
 * @property {number} repeats In each round.
 * @property {number} more What is no rival is measured this often again, after each of them.
 * @property {boolean} [hasNoRivals] Bare, a context alone and this agent.
 * @property {boolean} isTogether All agents' processes are alive at once, and work in turns or not at all.
 * @property {(cell, turns?) => Promise<object>} measure
 */

function startupSteps() {
  const whole = STARTUP_SCENARIOS.flatMap((scenario) =>
    scenario.modes.flatMap((mode) =>
      (mode === 'always' ? ['cjs', 'esm'] : ['cjs']).map((system) => ({ scenario, mode, system })),
    ),
  );
  const first = FIRST_REQUEST_SCENARIOS.flatMap((scenario) => ['cjs', 'esm'].map((system) => ({ scenario, system })));
  return [
    ...whole.map((step) => ({ ...step, measure: measureStartup })),
    ...first.map((step) => ({ ...step, measure: measureFirstRequest })),
  ].map((step) => ({ ...step, group: 'startup', repeats: STARTS_PER_ROUND, more: MORE_STARTS }));
}

function requestSteps(hasLatency, others) {
  const steps = SCENARIOS.flatMap((scenario) => scenario.modes.map((mode) => ({ scenario, mode })));
  const elsewhere = others.map((node) => ({ scenario: SCENARIOS[0], hasNoRivals: true, ...node }));
  return [...steps, ...elsewhere].map((step) => ({
    ...step,
    group: 'request',
    repeats: step.scenario.repeats ?? 1,
    isTogether: true,
    measure: (cell, turns) => measureRequest(cell, { hasLatency, turns }),
  }));
}

/** Those of the versions that the tests have installed. */
function installed(versions) {
  const folder = join(ROOT, '.nodes');
  const found = existsSync(folder) ? readdirSync(folder) : [];
  return versions
    .filter((version) => found.includes(version))
    .map((version) => ({ node: join(folder, version, 'bin/node'), nodeVersion: version }));
}

function standingSteps(others) {
  return [
    { scenario: LOADED_SCENARIO, measure: measureLoaded },
    { scenario: MICRO_SCENARIO, measure: measureMicro },
    ...others.map((node) => ({
      scenario: MICRO_SCENARIO,
      measure: measureMicro,
      hasNoRivals: true,
      ...node,
    })),
    { scenario: REQUIRE_SCENARIO, measure: measureRequire },
    ...installed(NEWER_NODES).map((node) => ({ scenario: REQUIRE_SCENARIO, measure: measureRequire, ...node })),
    { scenario: IDLE_SCENARIO, measure: measureIdle, isTogether: true },
  ].map((step) => ({ ...step, group: 'standing' }));
}

/**
 * @param options {node, hasLatency, wanted, modes}; `wanted` names groups, scenarios or group/scenario, undefined is all
 * @returns {Step[]}
 */
export function createPlan({ node, hasLatency, wanted, modes }) {
  // One Node.js was asked for.
  const others = node === process.execPath ? installed(OTHER_NODES) : [];
  const all = [...startupSteps(), ...requestSteps(hasLatency, others), ...standingSteps(others)].map((step) => ({
    mode: 'always',
    system: 'cjs',
    node,
    repeats: 1,
    more: 0,
    isTogether: false,
    ...step,
  }));
  const unknown = wanted?.filter((name) => !all.some((step) => isCalled(step, name))) ?? [];
  if (unknown.length > 0) throw new Error(`no such scenario: ${unknown.join(', ')}`);
  return all.filter(
    (step) =>
      (wanted === undefined || wanted.some((name) => isCalled(step, name))) &&
      (modes === undefined || modes.includes(step.mode)),
  );
}

function isCalled({ group, scenario }, name) {
  return [group, scenario.name, `${group}/${scenario.name}`].includes(name);
}
