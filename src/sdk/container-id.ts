/** Finds the id of the container this process runs in, from /proc (cgroup v1, then v2). Linux; never throws. */
import { readFileSync } from 'node:fs';

const CONTAINER_ID = /(?:^|[^0-9a-f])([0-9a-f]{64})(?![0-9a-f])/;
const CONTAINER_MOUNT =
  /\/(?:containers|overlay-containers|sandboxes)\/([0-9a-f]{64})\/(?:hostname|resolv\.conf|hosts|userdata)/;

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The id in the text of `/proc/self/cgroup`: the last path segment that holds 64 hexadecimal digits. */
export function idFromCgroup(text: string): string | undefined {
  for (const line of text.split('\n')) {
    const segment = line.slice(line.lastIndexOf('/') + 1);
    const id = CONTAINER_ID.exec(segment)?.[1];
    if (id !== undefined) return id;
  }
  return undefined;
}

/** The id in the text of `/proc/self/mountinfo`, where the runtime mounts `/etc/hostname` and its like. */
export function idFromMountInfo(text: string): string | undefined {
  return CONTAINER_MOUNT.exec(text)?.[1];
}

export function containerId(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return idFromCgroup(read('/proc/self/cgroup')) ?? idFromMountInfo(read('/proc/self/mountinfo'));
}
