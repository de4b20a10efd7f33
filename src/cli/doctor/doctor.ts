/** `trace-agent doctor`: runs the checks and shows the report. Command line program. */
import { readCommandLineEnvironment } from '../../config/command-line.js';
import { loadConfig } from '../../config/config.js';
import { collectSecrets } from '../../config/secrets.js';
import { mask } from '../../diag/mask.js';
import { inspectEntry } from '../../hooks/entry.js';
import { identifyService } from '../../sdk/service.js';
import { AGENT_VERSION } from '../../version.js';
import { checkApplication, readProcess } from './application.js';
import { checkConfiguration, checkService } from './configuration.js';
import type { DoctorContext } from './context.js';
import { checkEndpoints } from './endpoint.js';
import { renderText } from './render.js';
import { createReport, type Report, type Section } from './report.js';
import { checkRuntime } from './runtime.js';
import { checkSampling } from './sampling.js';
import { checkSystem } from './system.js';

export interface DoctorOptions {
  readonly isJson: boolean;
  readonly isColored: boolean;
  readonly width: number;
  /** False: no connection is made. */
  readonly isOnline: boolean;
  /** False: no test span is sent. */
  readonly isExporting: boolean;
  readonly isComplete: boolean;
  readonly timeoutMillis: number;
  readonly headers: readonly string[];
  readonly headersFile: string | undefined;
  readonly seconds: number;
  readonly isQuiet: boolean;
  /** Read this process instead of checking the environment. */
  readonly pid: number | undefined;
  readonly directory: string | undefined;
  readonly command: readonly string[];
  /** The preload entry of this very package. */
  readonly registerFile: string;
}

function createContext({ command, timeoutMillis, registerFile }: DoctorOptions): DoctorContext {
  const folder = process.cwd();
  const loaded = loadConfig();
  // The application's entry, when the command names one, leads to its package.json.
  const script = command.find((word) => /\.[cm]?[jt]s$/.test(word));
  const entry = inspectEntry(script, [], folder);
  const service = identifyService(loaded.config, entry.package);
  return { loaded, environment: readCommandLineEnvironment(), service, folder, registerFile, timeoutMillis };
}

async function collectSections(options: DoctorOptions, context: DoctorContext): Promise<Section[]> {
  if (options.pid !== undefined) return [await readProcess(options.pid, options.directory)];
  const { loaded } = context;
  const isOff = loaded.config.isAgentDisabled || loaded.config.isSdkDisabled;
  const sections = [
    checkRuntime(context),
    checkConfiguration(context, options.isComplete),
    checkService(context),
    checkSampling(context, { lines: options.headers, file: options.headersFile }),
    ...(options.isOnline && !isOff ? await checkEndpoints(context, options.isExporting) : []),
    checkSystem(context),
  ];
  if (options.command.length === 0) return sections;
  const { command: words, seconds, isQuiet, registerFile } = options;
  return [...sections, ...(await checkApplication({ words, seconds, isQuiet, registerFile }))];
}

function show(report: Report, options: DoctorOptions): string {
  return options.isJson ? `${JSON.stringify(report, null, 2)}\n` : renderText(report, options);
}

async function examine(options: DoctorOptions): Promise<number> {
  const context = createContext(options);
  const sections = await collectSections(options, context);
  const report = createReport(AGENT_VERSION, sections);
  const secrets = collectSecrets(context.loaded.config, context.loaded.exporterEnvironment);
  const text = mask(show(report, options), secrets);
  await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
  return report.healthy ? 0 : 1;
}

/** Resolves with the exit code: 0 healthy, 1 problems. Rejects when something it was asked for cannot be done. */
export async function doctor(options: DoctorOptions): Promise<number> {
  // Neither the exporter's sockets nor its timers keep a process alive.
  const alive = setInterval(() => undefined, 60_000);
  try {
    return await examine(options);
  } finally {
    clearInterval(alive);
  }
}
