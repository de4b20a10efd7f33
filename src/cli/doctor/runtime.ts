/** Checks of Node.js itself, its flags, and how the agent gets in. Command line program. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { isSupportedNode, NEWEST_TESTED_MAJOR } from '../../guard.js';
import { OTHER_AGENTS, TRACERS } from '../../watch/other-agents.js';
import { type Preload, preloadsIn, splitOptions } from '../preload.js';
import type { DoctorContext } from './context.js';
import { coded, type Finding, note, ok, type Section } from './report.js';

function checkVersion(): Finding {
  const version = process.versions.node;
  if (!isSupportedNode(version)) return coded('problem', 'TA1003', `Node.js ${version} is not supported`);
  if (Number(version.split('.')[0]) > NEWEST_TESTED_MAJOR) {
    return coded(
      'warning',
      'TA1004',
      `Node.js ${version} is newer than the newest tested line (${NEWEST_TESTED_MAJOR})`,
    );
  }
  return ok(`Node.js ${version} (${process.platform} ${process.arch}) is supported`);
}

function canResolve({ target }: Preload, folder: string): boolean {
  if (target.startsWith('file:') || target.startsWith('data:')) return true;
  try {
    createRequire(join(folder, 'package.json')).resolve(target);
    return true;
  } catch {
    return false;
  }
}

function otherAgentIn({ target }: Preload): string | undefined {
  return [...OTHER_AGENTS, ...TRACERS].find(
    (name) => target === name || target.startsWith(`${name}/`) || target.includes(`node_modules/${name}/`),
  );
}

function checkPreloads(preloads: readonly Preload[], folder: string): Finding[] {
  const findings: Finding[] = [];
  const at = preloads.findIndex(({ isAgent }) => isAgent);
  if (at === -1) {
    const how = 'start it with `trace-agent run`, `--require @org/trace-agent/register`, or NODE_OPTIONS';
    findings.push(
      note(`NODE_OPTIONS does not load the agent: an application started here is not traced unless you ${how}`),
    );
  } else findings.push(ok('NODE_OPTIONS loads the agent'));
  const before = preloads.slice(0, Math.max(at, 0)).map(({ target }) => target);
  if (before.length > 0) {
    const text = `${before.join(', ')} ${before.length === 1 ? 'is' : 'are'} loaded before the agent`;
    findings.push(coded('warning', 'TA2007', `${text}; what that loads cannot be traced`));
  }
  for (const preload of preloads) {
    const other = otherAgentIn(preload);
    if (other !== undefined) {
      const code = TRACERS.has(other) ? 'TA2012' : 'TA2011';
      findings.push(coded('warning', code, `NODE_OPTIONS loads ${other}, too`));
    }
    if (canResolve(preload, folder)) continue;
    const fix = 'correct NODE_OPTIONS: Node.js does not start an application whose preload is missing';
    findings.push({ status: 'problem', text: `${preload.target} of NODE_OPTIONS cannot be found from ${folder}`, fix });
  }
  return findings;
}

function checkFlags(words: readonly string[]): Finding[] {
  const findings: Finding[] = [];
  const has = (flag: string): boolean => words.some((word) => word === flag || word.startsWith(`${flag}=`));
  if ((has('--permission') || has('--experimental-permission')) && !has('--allow-worker')) {
    findings.push(coded('warning', 'TA3026', 'the permission model is on, and no worker thread may be started'));
  }
  if (has('--loader') || has('--experimental-loader')) {
    findings.push(note('a loader is configured; the agent needs none and works beside it'));
  }
  return findings;
}

export function checkRuntime({ environment, folder, registerFile }: DoctorContext): Section {
  const words = splitOptions(environment.nodeOptions);
  const shown = environment.nodeOptions === '' ? 'not set' : environment.nodeOptions;
  return {
    title: 'Node.js',
    findings: [
      checkVersion(),
      note(`NODE_OPTIONS is ${shown}`),
      ...checkPreloads(preloadsIn(words, registerFile), folder),
      ...checkFlags(words),
    ],
  };
}
