/**
 * OTEL_RESOURCE_ATTRIBUTES and the resource detectors.
 */
import { VARIABLES } from './env-table.js';
import { type BadEntry, type KeyValueRules, parseKeyValues } from './key-values.js';
import { joinReasons, quote } from './redact.js';
import { SECRET_NAME } from './secrets.js';
import type { Settings } from './settings.js';
import type { ResourceDetectorName } from './types.js';

const ATTRIBUTES = 'OTEL_RESOURCE_ATTRIBUTES';
const DETECTORS = 'OTEL_NODE_RESOURCE_DETECTORS';
const CLOUD: readonly ResourceDetectorName[] = ['alibaba', 'gcp', 'aws', 'azure'];

const RULES: KeyValueRules = {
  valueOf: (text) => text,
  check: (_key, _value, rawValue) => (rawValue.includes('=') ? 'has a second "=", to be written %3D' : undefined),
};

/**
 * Decoded attributes. A bad entry is left out and the others are kept: the Operator writes values without encoding
 * them, and one annotation must not cost a pod its identity. (The specification recommends dropping all.)
 */
export function readResourceAttributes(settings: Settings): Record<string, string> {
  const value = settings.find(ATTRIBUTES);
  if (value === undefined) return {};
  const { entries, bad } = parseKeyValues(value.text, RULES);
  const attributes = new Map(entries);
  // An absent label of a Kubernetes fieldRef arrives as `service.name=`: the name is to be derived then.
  if (attributes.get('service.name') === '') attributes.delete('service.name');
  if (bad.length > 0) {
    const left = bad.length === 1 ? 'this entry is left out' : 'these entries are left out';
    const message = `${ATTRIBUTES}: ${joinReasons(bad.map(describe))}; ${left}, the others are used`;
    settings.report('error', 'TA1117', ATTRIBUTES, message);
  }
  if (value.text.includes('$(')) reportPlaceholders(settings, attributes);
  return Object.fromEntries(attributes);
}

function describe({ position, text, reason }: BadEntry): string {
  const name = text.split('=', 1)[0] ?? '';
  const shown = SECRET_NAME.test(name.toLowerCase()) ? `${name}=***` : text;
  return `entry ${position} ${quote(shown)} ${reason}`;
}

/** Kubernetes leaves `$(NAME)` as it is when the variable is declared further down or not at all. */
function reportPlaceholders(settings: Settings, attributes: ReadonlyMap<string, string>): void {
  const names = [...attributes].filter(([, value]) => /\$\(\w+\)/.test(value)).map(([name]) => name);
  if (names.length === 0) return;
  const advice = 'in a Kubernetes manifest the variable must be declared above this one';
  settings.report(
    'warn',
    'TA1118',
    ATTRIBUTES,
    `${ATTRIBUTES}: ${joinReasons(names.map(quote))} with a $(NAME) that was not replaced; ${advice}`,
  );
}

/** In order of precedence, later wins. `env` is always among them. */
export function readResourceDetectors(settings: Settings): readonly ResourceDetectorName[] {
  const words = settings.words(DETECTORS);
  if (words.includes('none')) return ['env'];
  const defaults = VARIABLES[DETECTORS].default;
  const named = words.includes('all') ? [...defaults.slice(0, -1), ...CLOUD, ...defaults.slice(-1)] : words;
  const detectors = named.filter((word): word is ResourceDetectorName => word !== 'all' && word !== 'none');
  const cloud = detectors.filter((name) => CLOUD.includes(name));
  if (cloud.length > 0) {
    const message = `${DETECTORS}: ${cloud.join(', ')} not supported yet; attributes of the cloud are not detected`;
    settings.report('info', 'TA1103', DETECTORS, message);
  }
  return detectors.includes('env') ? detectors : [...detectors, 'env'];
}
