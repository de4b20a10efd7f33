#!/usr/bin/env node
/**
 * The command line program `trace-agent`. A process of its own: nothing of it is loaded into an application. Exit codes of
 * the doctor: 0 healthy, 1 problems, 2 wrong usage.
 */
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { isColorSupported } from 'picocolors';
import { AGENT_VERSION } from '../version.js';
import type { DoctorOptions } from './doctor/doctor.js';

const USAGE_ERROR = 2;
/** In the published package it lies beside this file. */
const REGISTER_FILE = join(__dirname, 'register.js');

function wholeNumber(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0)) throw new InvalidArgumentError('A whole number greater than 0 is expected.');
  return value;
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

interface DoctorFlags {
  readonly json?: true;
  readonly color: boolean;
  readonly network: boolean;
  readonly export: boolean;
  readonly all?: true;
  readonly timeout: number;
  readonly header: readonly string[];
  readonly headersFile?: string;
  readonly for: number;
  readonly quiet?: true;
  readonly pid?: number;
  readonly directory?: string;
}

function doctorOptions(command: readonly string[], flags: DoctorFlags): DoctorOptions {
  return {
    isJson: flags.json === true,
    isColored: flags.color && isColorSupported && process.stdout.isTTY === true,
    width: process.stdout.columns ?? 100,
    isOnline: flags.network,
    isExporting: flags.export,
    isComplete: flags.all === true,
    timeoutMillis: flags.timeout,
    headers: flags.header,
    headersFile: flags.headersFile,
    seconds: flags.for,
    isQuiet: flags.quiet === true,
    pid: flags.pid,
    directory: flags.directory,
    command,
    registerFile: REGISTER_FILE,
  };
}

function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('say what this environment would do and what is wrong with it')
    .argument('[command...]', 'after --: a command to run under the agent for a while, and to tell about')
    .option('--json', 'the report as one JSON object')
    .option('--no-color', 'no colours (as with NO_COLOR)')
    .option('--all', 'settings that have their default, too')
    .option('--no-network', 'make no connection')
    .option('--no-export', 'send no test span')
    .option('--timeout <ms>', 'limit of each step over the network', wholeNumber, 5000)
    .option('--header <line>', 'a header that the application receives, "name: value"; may be repeated', collect, [])
    .option('--headers-file <file>', 'a file with such lines, as curl -v shows them')
    .option('--for <seconds>', 'how long the command may run', wholeNumber, 15)
    .option('--quiet', 'do not show the output of the command')
    .option('--pid <pid>', 'read a running process instead (started with OTEL_NODE_DIAGNOSTICS_DIRECTORY)', wholeNumber)
    .addOption(new Option('--directory <directory>', 'the OTEL_NODE_DIAGNOSTICS_DIRECTORY of that process'))
    .addHelpText('after', '\nExit code: 0 healthy, 1 problems, 2 wrong usage.')
    .action(async (command: string[], flags: DoctorFlags) => {
      const { doctor } = require('./doctor/doctor.js') as typeof import('./doctor/doctor.js');
      process.exitCode = await doctor(doctorOptions(command, flags));
    });
}

function addRun(program: Command): void {
  program
    .command('run')
    .description('run an application with the agent: app.js, node app.js, npm start')
    .argument('<command...>', 'the application, with flags of Node.js before it and arguments after it')
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (command: string[]) => {
      const { run } = require('./run.js') as typeof import('./run.js');
      process.exitCode = await run(command, REGISTER_FILE);
    });
}

function createProgram(): Command {
  const program = new Command('trace-agent')
    .description('Distributed traces from an unchanged Node.js application.')
    .version(AGENT_VERSION, '-v, --version')
    .enablePositionalOptions()
    .exitOverride();
  addDoctor(program);
  addRun(program);
  for (const command of program.commands) command.exitOverride();
  return program;
}

/** Help and version are answers; everything else that the parser throws is wrong usage. */
function codeOf(error: unknown): number {
  const { exitCode, message } = error as { exitCode?: number; message?: string };
  if (exitCode === 0) return 0;
  if (exitCode === undefined) process.stderr.write(`trace-agent: ${message ?? String(error)}\n`);
  return USAGE_ERROR;
}

createProgram()
  .parseAsync()
  .catch((error: unknown) => {
    process.exitCode = codeOf(error);
  });
