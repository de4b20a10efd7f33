import t from 'tap';
import { idFromCgroup, idFromMountInfo } from '../../src/sdk/container-id.js';

const ID = 'a'.repeat(32) + '0123456789abcdef'.repeat(2);

t.test('container id from cgroup v1 lines of Docker, containerd and CRI-O', async (t) => {
  for (const line of [
    `12:pids:/docker/${ID}`,
    `1:name=systemd:/kubepods/burstable/pod-x/${ID}`,
    `0::/kubepods.slice/cri-containerd-${ID}.scope`,
    `0::/../crio-${ID}.scope`,
  ]) {
    t.equal(idFromCgroup(`0::/\n${line}\n`), ID, line);
  }
  t.equal(idFromCgroup('0::/\n'), undefined);
  t.equal(idFromCgroup(`0::/docker/${ID}0`), undefined, '65 digits are not an id');
});

t.test('container id from mountinfo (cgroup v2)', async (t) => {
  const line = `678 655 254:1 /docker/containers/${ID}/hostname /etc/hostname rw - ext4 /dev/vda1 rw`;
  t.equal(idFromMountInfo(line), ID);
  t.equal(idFromMountInfo('678 655 254:1 / / rw - overlay overlay rw'), undefined);
});
