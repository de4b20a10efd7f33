/** Checks of the settings: what is wrong with them, what they come to, and where each value is from. */
import { describeConfig } from '../../config/effective.js';
import type { ConfigProblem } from '../../config/types.js';
import { maxQueuedSpans } from '../../pipeline/settings.js';
import { UNKNOWN_SERVICE } from '../../sdk/service.js';
import type { DoctorContext } from './context.js';
import { coded, type Finding, note, ok, type Section, type Status } from './report.js';

const STATUS: Readonly<Record<ConfigProblem['severity'], Status>> = {
  error: 'problem',
  warn: 'warning',
  info: 'note',
  debug: 'note',
};

/** Said by a check of its own. */
const ELSEWHERE: ReadonlySet<string> = new Set(['TA1120']);

function problemsOf({ loaded }: DoctorContext): Finding[] {
  const shown = loaded.problems.filter(({ severity, code }) => severity !== 'debug' && !ELSEWHERE.has(code));
  if (shown.length === 0) return [ok('every variable is understood')];
  return shown.map(({ severity, code, message }) => ({ status: STATUS[severity], text: message, code }));
}

/** Settings that are not at their default; all of them when `isComplete`. */
export function checkConfiguration(context: DoctorContext, isComplete: boolean): Section {
  const { loaded, service } = context;
  const settings = describeConfig(loaded, {
    OTEL_SERVICE_NAME: { value: service.name, source: service.source },
    OTEL_BSP_MAX_QUEUE_SIZE: { value: String(maxQueuedSpans(loaded.config)) },
  });
  const shown = settings.filter(({ source }) => isComplete || source !== 'default');
  const rows = shown.map(({ name, value, source }) => [name, value, source]);
  const left = settings.length - shown.length;
  const rest = left === 0 ? [] : [note(`${left} settings have their default (--all shows them)`)];
  const disabled: Finding[] = [];
  if (loaded.config.isAgentDisabled) {
    const fix = 'unset OTEL_NODE_AGENT_DISABLED';
    disabled.push({ status: 'problem', text: 'OTEL_NODE_AGENT_DISABLED=true: the agent does nothing', fix });
  }
  if (loaded.config.isSdkDisabled) {
    disabled.push(coded('problem', 'TA1002', 'OTEL_SDK_DISABLED=true: trace context is passed on, no span is made'));
  }
  return {
    title: 'Configuration',
    findings: [...disabled, ...problemsOf(context), ...rest],
    tables: rows.length === 0 ? [] : [{ header: ['Setting', 'Value', 'Source'], rows }],
  };
}

export function checkService({ service, folder }: DoctorContext): Section {
  const findings: Finding[] = [];
  if (service.name === UNKNOWN_SERVICE && service.source === 'default') {
    findings.push(coded('warning', 'TA1006', `the service has no name and is shown as ${UNKNOWN_SERVICE}`));
  } else findings.push(ok(`the service is called "${service.name}" (${service.source})`));
  if (service.source === 'package.json') {
    findings.push(note(`an application elsewhere than in ${folder} is called after the package.json nearest to it`));
  }
  if (service.version !== undefined) findings.push(note(`its version is ${service.version}`));
  return { title: 'Service', findings };
}
