/**
 * What must be known before, or instead of, the agent's start. Bundled into the preload entry, so it must parse on Node 6:
 * ES2015 syntax only, no imports. Never throws.
 */

export interface EarlyVoice {
  readonly isSilent: boolean;
  readonly isJson: boolean;
}

function word(name: string): string {
  return String(process.env[name] || '')
    .trim()
    .toLowerCase();
}

/** OTEL_LOG_LEVEL and OTEL_NODE_LOG_FORMAT of the environment alone. */
export function readEarlyVoice(): EarlyVoice {
  const level = word('OTEL_LOG_LEVEL');
  return { isSilent: level === 'none' || level === 'off', isJson: word('OTEL_NODE_LOG_FORMAT') === 'json' };
}

/** OTEL_NODE_AGENT_DISABLED of the environment: nothing else has to be loaded to do nothing. */
export function isSwitchedOff(): boolean {
  return word('OTEL_NODE_AGENT_DISABLED') === 'true';
}
