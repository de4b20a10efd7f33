/**
 * The texts of a configuration that must never appear in a message. Pure; never throws.
 */
import type { AgentConfig } from './types.js';

/** Names under which values are secret. For lower-case texts. */
export const SECRET_NAME = /auth|token|secret|pass|key|cookie|credential|session/;
/** Of a value under a secret name: shorter ones are words that texts hold anyway. */
const MIN_LENGTH = 4;
/** Of any other value: `production` is no secret, and would be masked in host names. */
const MIN_UNNAMED_LENGTH = 16;

function secretsOfHeader(name: string, value: string): string[] {
  const min = SECRET_NAME.test(name.toLowerCase()) ? MIN_LENGTH : MIN_UNNAMED_LENGTH;
  // `Bearer abc`: the second word alone is the secret.
  return [value, ...value.split(' ').slice(1)].filter((text) => text.length >= min);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function secretsOfUrl(text: string): string[] {
  // Most addresses have nothing to hide, and need not be parsed for that.
  if (!text.includes('@') && !text.includes('?')) return [];
  try {
    const { username, password, searchParams } = new URL(text);
    const texts = [password, decoded(password), username, ...searchParams.values()];
    return texts.filter((secret) => secret.length >= MIN_LENGTH);
  } catch {
    return [];
  }
}

/** Header values, and credentials and query values of every address; longest first, since one may hold another. */
export function collectSecrets(config: AgentConfig, exporterEnvironment: Readonly<Record<string, string>>): string[] {
  const secrets: string[] = [];
  for (const [name, value] of Object.entries(config.otlp.headers)) secrets.push(...secretsOfHeader(name, value));
  secrets.push(...secretsOfUrl(config.otlp.endpoint), ...secretsOfUrl(config.zipkin.endpoint));
  for (const [name, value] of Object.entries(exporterEnvironment)) {
    if (name.toLowerCase().endsWith('_proxy')) secrets.push(...secretsOfUrl(value));
  }
  return secrets.length === 0 ? secrets : [...new Set(secrets)].sort((a, b) => b.length - a.length);
}
