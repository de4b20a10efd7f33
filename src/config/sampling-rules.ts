/**
 * OTEL_NODE_SAMPLING_RULES (`conditions -> action; ...`) and OTEL_NODE_UNTRUSTED_INBOUND (`conditions; ...`). Loaded only
 * when one of them is set.
 */
import { parseRatio } from './parse.js';
import { joinReasons, quote } from './redact.js';
import type { Settings } from './settings.js';
import { parseConditions, splitUnquoted } from './span-conditions.js';
import type { SamplingRule, SpanCondition, SpanParent } from './types.js';

const RULES = 'OTEL_NODE_SAMPLING_RULES';
const ARROW = '->';
const ACTION = /^(?:(drop|keep|[\d.][\d.e-]*%?)(?=\s|$))?\s*(?:rate\s+(\d+(?:\.\d+)?|\.\d+)\s*\/\s*(s|min|h))?$/i;
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600 };
const ANYWHERE: readonly SpanParent[] = ['none', 'remote', 'local'];
/** A list that nobody can have meant; each root span walks through it. */
const MAX_RULES = 100;

/** The rules that can be used; what is wrong with the others is one problem. */
export function readRules(settings: Settings): readonly SamplingRule[] {
  const value = settings.find(RULES);
  if (value === undefined) return [];
  const texts = splitUnquoted(value.text, ';\n');
  if (texts === undefined) {
    settings.reportBadValue(value, 'has a quotation mark that is not closed', 'no rule');
    return [];
  }
  const rules: SamplingRule[] = [];
  const reasons: string[] = [];
  for (const [index, text] of texts
    .map((each) => each.trim())
    .filter(Boolean)
    .entries()) {
    const rule = index < MAX_RULES ? parseRule(text) : `it is beyond the ${MAX_RULES}th`;
    if (typeof rule === 'string') reasons.push(`rule ${index + 1}: ${rule}`);
    else {
      rules.push(rule);
      const before = rules.slice(0, -1).findIndex((other) => covers(other, rule));
      if (before !== -1)
        reasons.push(`rule ${index + 1} is never reached: ${quote(rules[before]?.text ?? '')} is before it`);
    }
  }
  if (reasons.length > 0) settings.reportBadValue(value, `: ${joinReasons(reasons)}`, describeUsed(rules));
  return rules;
}

function describeUsed(rules: readonly SamplingRule[]): string {
  if (rules.length === 0) return 'OTEL_TRACES_SAMPLER alone';
  return `${rules.length === 1 ? 'the rule' : 'the rules'} ${quote(rules.map(({ text }) => text).join('; '))}`;
}

/** True when every span that `later` is for is taken by a rule for all spans before it. */
function covers({ conditions, parents }: SamplingRule, later: SamplingRule): boolean {
  return conditions.length === 0 && later.parents.every((parent) => parents.includes(parent));
}

/** The rule, or what is wrong with it. */
function parseRule(text: string): SamplingRule | string {
  const arrow = text.lastIndexOf(ARROW);
  if (arrow === -1) return `${quote(text)} has no "${ARROW}"`;
  const action = parseAction(text.slice(arrow + ARROW.length).trim());
  if (typeof action === 'string') return action;
  const parsed = parseConditions(text.slice(0, arrow).trim());
  if (parsed.reason !== undefined) return parsed.reason;
  const parents = parsed.conditions.filter(({ key }) => key === 'parent');
  if (parents.length > 1 || parents[0]?.isNegated === true) return 'parent may be given once, and with "="';
  const conditions = parsed.conditions.filter(({ key }) => key !== 'parent');
  return { text: text.replace(/\s+/g, ' '), conditions, parents: parentsOf(parents[0]?.patterns), ...action };
}

/** Without a word about the parent a rule is for spans that start a trace: the decision of a caller is respected. */
function parentsOf(given: readonly string[] = ['none']): readonly SpanParent[] {
  return given.includes('any') ? ANYWHERE : (given as readonly SpanParent[]);
}

function parseAction(text: string): Pick<SamplingRule, 'ratio' | 'perSecond'> | string {
  const match = text === '' ? null : ACTION.exec(text);
  if (match === null) return `${quote(text)} is not drop, keep, a ratio (0.05 or 5%) or a rate (rate 10/s)`;
  const [, share, count, unit = ''] = match;
  const ratio = share === undefined ? 1 : parseShare(share.toLowerCase());
  if (ratio === undefined) return `${quote(share ?? '')} is not a number from 0 to 1, nor a percentage`;
  const perSecond = count === undefined ? undefined : Number(count) / (UNIT_SECONDS[unit.toLowerCase()] ?? 1);
  return { ratio, perSecond };
}

function parseShare(share: string): number | undefined {
  if (share === 'drop') return 0;
  if (share === 'keep') return 1;
  const isPercentage = share.endsWith('%');
  const text = isPercentage ? share.slice(0, -1) : share;
  const number = /^(?:\d+(?:\.\d*)?|\.\d+)(?:e-?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  const ratio = parseRatio(String(isPercentage ? number / 100 : number));
  return ratio.ok ? ratio.value : undefined;
}

/** `all`, or alternatives of conditions; those that cannot be read are left out and reported. */
export function readUntrusted(settings: Settings): readonly (readonly SpanCondition[])[] {
  const value = settings.find('OTEL_NODE_UNTRUSTED_INBOUND');
  if (value === undefined) return [];
  if (value.text.toLowerCase() === 'all') return [[]];
  const texts = splitUnquoted(value.text, ';\n')
    ?.map((each) => each.trim())
    .filter(Boolean);
  const alternatives: (readonly SpanCondition[])[] = [];
  const reasons = texts === undefined ? ['a quotation mark is not closed'] : [];
  for (const text of texts ?? []) {
    const { conditions, reason } = parseConditions(text) as { conditions?: readonly SpanCondition[]; reason?: string };
    if (conditions === undefined) reasons.push(`${reason}`);
    else if (conditions.some(({ key }) => key === 'parent')) reasons.push('parent has no meaning here');
    else alternatives.push(conditions);
  }
  const used = alternatives.length === 0 ? 'none: every caller is followed' : 'the others';
  if (reasons.length > 0) settings.reportBadValue(value, `: ${joinReasons(reasons)}`, used);
  return alternatives;
}
