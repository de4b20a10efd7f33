/**
 * OTEL_TRACES_SAMPLER and its argument.
 */
import { VARIABLES } from './env-table.js';
import { parseList, parseRatio, parseWord } from './parse.js';
import { quote } from './redact.js';
import { type Settings, type SetValue, show } from './settings.js';
import type { SamplerConfig, SamplerName, SamplingConfig } from './types.js';

const SAMPLER = 'OTEL_TRACES_SAMPLER';
const ARGUMENT = 'OTEL_TRACES_SAMPLER_ARG';
const ROW = VARIABLES[SAMPLER];
const DEFAULT_RATIO = 1;

function hasRatio(name: SamplerName): boolean {
  return name.endsWith('ratio') || name.endsWith('probability');
}

type Choice = Pick<SamplerConfig, 'name' | 'ratio'>;

export function readSampler(settings: Settings, sampling: SamplingConfig): SamplerConfig {
  const chosen = settings.find(SAMPLER);
  const argument = settings.find(ARGUMENT);
  const name = chosen?.text.toLowerCase() ?? ROW.default;
  const sampler = Object.hasOwn(ROW.laterValues, name)
    ? replaceLaterSampler(settings, chosen as SetValue, name, argument)
    : readKnownSampler(settings, chosen, argument);
  // What rules or errors may still record is not dropped.
  if (sampling.rules.length === 0 && !sampling.keepsErrors) reportDropped(settings, sampler);
  return { ...sampler, followsUnsampled: followsUnsampled(sampler, sampling) };
}

function followsUnsampled({ name }: Choice, { rules, keepsErrors }: SamplingConfig): boolean {
  if (keepsErrors || rules.some(({ parents }) => parents.some((parent) => parent !== 'none'))) return false;
  return name.startsWith('parentbased_');
}

function readKnownSampler(settings: Settings, chosen: SetValue | undefined, argument: SetValue | undefined): Choice {
  const name = settings.word(SAMPLER);
  if (hasRatio(name)) {
    return { name, ratio: readRatio(settings, name, argument) };
  }
  const isUnderstood = chosen === undefined || parseWord(chosen.text, ROW.allowed, ROW.spellings).ok;
  if (argument !== undefined && isUnderstood) {
    const advice = `set ${SAMPLER}=parentbased_traceidratio to record a share of the traces`;
    settings.report('info', 'TA1119', ARGUMENT, `${show(argument)} has no effect with ${SAMPLER}=${name}; ${advice}`);
  }
  return { name, ratio: DEFAULT_RATIO };
}

function readRatio(settings: Settings, name: SamplerName, argument: SetValue | undefined): number {
  if (argument === undefined) {
    settings.report(
      'info',
      'TA1119',
      ARGUMENT,
      `${ARGUMENT} is not set, so ${SAMPLER}=${name} records every trace (ratio 1)`,
    );
    return DEFAULT_RATIO;
  }
  const ratio = parseRatio(argument.text);
  if (ratio.ok) return ratio.value;
  settings.reportBadValue(argument, ratio.reason, String(DEFAULT_RATIO));
  return DEFAULT_RATIO;
}

/** The remote sampler's rate for the time before its first answer is the best guess at what the user wants. */
function replaceLaterSampler(
  settings: Settings,
  chosen: SetValue,
  name: string,
  argument: SetValue | undefined,
): Choice {
  const initial = name.endsWith('jaeger_remote') ? initialSamplingRate(argument) : undefined;
  const ratioSampler = name.startsWith('parentbased') ? 'parentbased_traceidratio' : 'traceidratio';
  const sampler: Choice =
    initial === undefined ? { name: ROW.default, ratio: DEFAULT_RATIO } : { name: ratioSampler, ratio: initial };
  const used = initial === undefined ? sampler.name : `${sampler.name} with ratio ${initial}`;
  settings.report('warn', 'TA1104', SAMPLER, `${SAMPLER}=${quote(chosen.raw)} is not supported yet; using ${used}`);
  return sampler;
}

function initialSamplingRate(argument: SetValue | undefined): number | undefined {
  const option = parseList(argument?.text ?? '').find((part) => part.startsWith('initialSamplingRate='));
  const ratio = option === undefined ? undefined : parseRatio(option.slice(option.indexOf('=') + 1).trim());
  return ratio?.ok ? ratio.value : undefined;
}

/** A sampler that drops everything is the commonest reason for "no traces arrive". */
function reportDropped(settings: Settings, { name, ratio }: Choice): void {
  const isRatio = hasRatio(name);
  const isParentBased = name.startsWith('parentbased_');
  const dropsAll = name === 'always_off' || (isRatio && !isParentBased && ratio === 0);
  const dropsRoots = name === 'parentbased_always_off' || (isRatio && isParentBased && ratio === 0);
  if (!dropsAll && !dropsRoots) return;
  const what = dropsAll ? 'every span is dropped' : 'only traces that a caller already records are recorded';
  settings.report('info', 'TA1120', SAMPLER, `${SAMPLER}=${name}${isRatio ? ' with ratio 0' : ''}: ${what}`);
}
