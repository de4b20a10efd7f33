/** Checks of what surrounds a process: limits of the container, file system, other agents. Command line program. */
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { OTHER_AGENTS, TRACERS } from '../../watch/other-agents.js';
import type { DoctorContext } from './context.js';
import { coded, type Finding, note, ok, type Section } from './report.js';

const MIB = 1024 * 1024;
/** What Node.js, a small application and the agent need together. */
const SMALL_MEMORY_MIB = 96;
const SMALL_CPUS = 0.2;

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Bytes; undefined when there is no limit. cgroup v2, then v1. */
function memoryLimit(): number | undefined {
  const text = read('/sys/fs/cgroup/memory.max') ?? read('/sys/fs/cgroup/memory/memory.limit_in_bytes');
  const bytes = Number(text);
  return Number.isFinite(bytes) && bytes > 0 && bytes < os.totalmem() ? bytes : undefined;
}

/** CPUs; undefined when there is no limit. */
function cpuLimit(): number | undefined {
  const [quota, period] = (read('/sys/fs/cgroup/cpu.max') ?? '').split(' ').map(Number);
  if (quota !== undefined && period !== undefined && quota > 0 && period > 0) return quota / period;
  const oldQuota = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us'));
  const oldPeriod = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_period_us'));
  return oldQuota > 0 && oldPeriod > 0 ? oldQuota / oldPeriod : undefined;
}

function checkLimits(): Finding[] {
  const memory = memoryLimit();
  const cpus = cpuLimit();
  const findings: Finding[] = [];
  if (memory !== undefined) {
    const text = `memory is limited to ${Math.round(memory / MIB)} MiB`;
    const fix = `give the container ${SMALL_MEMORY_MIB} MiB or more: the agent needs about 20 of them`;
    findings.push(memory < SMALL_MEMORY_MIB * MIB ? { status: 'warning', text, fix } : note(text));
  }
  if (cpus !== undefined) {
    const text = `CPU is limited to ${cpus.toFixed(2)} cores`;
    const fix = 'a start takes longer in proportion; startup probes have to allow for it';
    findings.push(cpus < SMALL_CPUS ? { status: 'warning', text, fix } : note(text));
  }
  return findings.length === 0 ? [ok('no limit of memory or CPU from a container')] : findings;
}

function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/**
 * The folder itself, or the nearest one above that exists: there it would be made. By trying: permissions say little to
 * root, and nothing of file systems like /proc.
 */
function isWritable(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(at)) return takesFolders(at);
    if (at === dirname(at)) return false;
  }
}

function takesFolders(folder: string): boolean {
  try {
    rmdirSync(mkdtempSync(join(folder, '.trace-agent-')));
    return true;
  } catch {
    return false;
  }
}

function checkFiles({ loaded, folder }: DoctorContext): Finding[] {
  const { delivery, diagnosticsDirectory, otlp } = loaded.config;
  const findings: Finding[] = [];
  if (!isWritable(folder)) findings.push(note(`${folder} is read-only; the agent writes nothing there`));
  const spool = delivery.spool?.directory;
  if (spool !== undefined) {
    const text = `the spool ${spool} can be written`;
    findings.push(isWritable(spool) ? ok(text) : coded('problem', 'TA3021', `the spool ${spool} cannot be written`));
  }
  if (diagnosticsDirectory !== undefined && !isWritable(diagnosticsDirectory)) {
    findings.push(coded('warning', 'TA3034', `${diagnosticsDirectory} cannot be written`));
  }
  for (const file of [otlp.certificateFile, otlp.clientCertificateFile, otlp.clientKeyFile]) {
    if (file === undefined) continue;
    const isReadable = isAllowed(file, constants.R_OK);
    findings.push(isReadable ? ok(`${file} can be read`) : coded('problem', 'TA3009', `${file} cannot be read`));
  }
  return findings;
}

function installedIn(folder: string, name: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'node_modules', name, 'package.json'))) return true;
    if (at === dirname(at)) return false;
  }
}

function checkOthers({ folder, environment }: DoctorContext): Finding[] {
  const installed = [...OTHER_AGENTS, ...TRACERS].filter((name) => installedIn(folder, name));
  const findings: Finding[] = [];
  if (installed.length > 0) {
    const text = `installed here: ${installed.join(', ')}`;
    findings.push(note(`${text}; when the application starts one of them, see docs/neighbours.md`));
  }
  if (environment.foreignVariables.length > 0) {
    findings.push(note(`variables of other agents are set: ${environment.foreignVariables.join(', ')}`));
  }
  return findings.length === 0 ? [ok('no other tracing agent is installed')] : findings;
}

export function checkSystem(context: DoctorContext): Section {
  const user = process.getuid?.() === 0 ? 'root' : `user ${process.getuid?.() ?? os.userInfo().username}`;
  return {
    title: 'Surroundings',
    findings: [...checkLimits(), note(`runs as ${user}`), ...checkFiles(context), ...checkOthers(context)],
  };
}
