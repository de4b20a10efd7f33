/** Checks of sampler and propagators, these against headers that the application receives. Command line program. */
import { readFileSync } from 'node:fs';
import { adviseOn, CONTEXT_FORMATS } from '../../sdk/watched-propagator.js';
import type { DoctorContext } from './context.js';
import { coded, type Finding, note, ok, type Section } from './report.js';

type Headers = ReadonlyMap<string, string>;

function checkSampler({ loaded }: DoctorContext): Finding[] {
  const { sampler, sampling } = loaded.config;
  const { name, ratio } = sampler;
  const isRatio = /(ratio|probability)$/.test(name);
  const shown = isRatio ? `${name}(${ratio})` : name;
  const { rules, keepsErrors } = sampling;
  if (rules.length > 0) {
    const texts = rules.map(({ text }) => text).join('; ');
    return [
      ok(`${rules.length} sampling rule(s): ${texts}; sampler ${shown} for the rest`),
      ...describeKeeping(keepsErrors),
    ];
  }
  if (keepsErrors) return [ok(`sampler ${shown}`), ...describeKeeping(keepsErrors)];
  if (name === 'always_off' || (name === 'traceidratio' && ratio === 0)) {
    return [coded('problem', 'TA1120', `the sampler ${shown} drops every span`)];
  }
  if (name === 'parentbased_always_off' || (name === 'parentbased_traceidratio' && ratio === 0)) {
    return [coded('warning', 'TA1120', `the sampler ${shown} records only what a caller records already`)];
  }
  const share = isRatio && ratio < 1 ? `; ${ratio * 100} % of the traces that start here are recorded` : '';
  return [ok(`sampler ${shown}${share}`)];
}

function describeKeeping(keepsErrors: boolean): Finding[] {
  if (!keepsErrors) return [];
  return [
    note(
      'OTEL_NODE_KEEP_ERRORS: everything is recorded, and what is not sampled is sent when its root ends with an error',
    ),
  ];
}

function checkPropagators({ loaded }: DoctorContext): Finding[] {
  const { propagators, extractors, untrustedInbound } = loaded.config;
  const untrusted =
    untrustedInbound.length === 0 ? [] : [note('OTEL_NODE_UNTRUSTED_INBOUND: such requests start traces')];
  if (extractors !== propagators) {
    const [read, written] = [extractors, propagators].map((names) => names.join(', ') || 'nothing');
    return [ok(`trace context is read from ${read}, and written to ${written}`), ...untrusted];
  }
  if (propagators.length > 0) {
    return [ok(`trace context is read from and written to ${propagators.join(', ')}`), ...untrusted];
  }
  const fix = 'set OTEL_PROPAGATORS, or unset it for tracecontext,baggage';
  return [{ status: 'warning', text: 'OTEL_PROPAGATORS=none: every process starts traces of its own', fix }];
}

/** `name: value` lines, as curl and browsers show them; others are left out. */
export function parseHeaders(lines: readonly string[]): Headers {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const match = /^[<>*\s-]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:\s*(.*)$/.exec(line.trim());
    if (match !== null) headers.set((match[1] as string).toLowerCase(), (match[2] as string).trim());
  }
  return headers;
}

const SAMPLED: Readonly<Record<string, (value: string, headers: Headers) => boolean | undefined>> = {
  traceparent: (value) => flag(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-([0-9a-f]{2})/.exec(value)?.[1], 16),
  b3: (value) => (/-0(-|$)/.test(value) ? false : /-[1d](-|$)/.test(value) ? true : undefined),
  'x-b3-traceid': (_, headers) => {
    const text = headers.get('x-b3-sampled');
    return headers.get('x-b3-flags') === '1' ? true : text === undefined ? undefined : text === '1' || text === 'true';
  },
  'uber-trace-id': (value) => flag(/(?::|%3A)([0-9a-f]{1,2})$/.exec(value)?.[1], 16),
  'x-amzn-trace-id': (value) => flag(/Sampled=([01])/.exec(value)?.[1], 2),
  'ot-tracer-traceid': (_, headers) => {
    const text = headers.get('ot-tracer-sampled');
    return text === undefined ? undefined : text === 'true' || text === '1';
  },
};

function flag(digits: string | undefined, radix: number): boolean | undefined {
  return digits === undefined ? undefined : (Number.parseInt(digits, radix) & 1) === 1;
}

function checkHeaders({ loaded }: DoctorContext, headers: Headers): Finding[] {
  const { propagators, extractors, sampler } = loaded.config;
  const variable = extractors === propagators ? 'OTEL_PROPAGATORS' : 'OTEL_NODE_EXTRACT_PROPAGATORS';
  const findings: Finding[] = [];
  for (const format of CONTEXT_FORMATS) {
    const { names, header, looks } = format;
    const value = headers.get(header);
    if (value === undefined) continue;
    const isRead = names.some((name) => extractors.includes(name));
    if (!looks.test(value)) {
      findings.push({ status: 'warning', text: `${header} does not hold a trace context and would be ignored` });
    } else if (!isRead) {
      const list = extractors.join(',') || 'none';
      const text = `the request has the header ${header}, ${adviseOn(format, `${variable}=${list}`)}`;
      findings.push(coded('problem', 'TA4002', text));
    } else if (SAMPLED[header]?.(value, headers) === false && sampler.name.startsWith('parentbased')) {
      findings.push(
        coded('problem', 'TA4001', `${header} says "not sampled", and the sampler ${sampler.name} follows it`),
      );
    } else findings.push(ok(`${header} is read, and its trace is continued`));
  }
  if (findings.length > 0) return findings;
  return [note('the headers carry no trace context: a new trace starts here')];
}

export interface HeaderSample {
  /** `name: value` each. */
  readonly lines: readonly string[];
  readonly file: string | undefined;
}

function readSample({ lines, file }: HeaderSample): Headers {
  const more = file === undefined ? [] : readFileSync(file, 'utf8').split('\n');
  return parseHeaders([...more, ...lines]);
}

/** Throws when the file of headers cannot be read. */
export function checkSampling(context: DoctorContext, sample: HeaderSample): Section {
  const hasSample = sample.lines.length > 0 || sample.file !== undefined;
  return {
    title: 'Sampling and propagation',
    findings: [
      ...checkSampler(context),
      ...checkPropagators(context),
      ...(hasSample ? checkHeaders(context, readSample(sample)) : []),
    ],
  };
}
