import { run } from '@clarion-lb/lab'

/** A node of its own: a network namespace on the other end of a cable from here, `tap0`. */
export const NODE = { name: 'bench-node', address: '192.168.77.2' } as const
/** Our end of the cable. */
export const HOST = '192.168.77.1'

export async function plugNode(): Promise<void> {
  await run('ip', ['netns', 'add', NODE.name])
  await run('ip', ['link', 'add', 'tap0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', NODE.name])
  await run('ip', ['addr', 'add', `${HOST}/24`, 'dev', 'tap0'])
  await run('ip', ['link', 'set', 'tap0', 'up'])
  const inside = ['netns', 'exec', NODE.name, 'ip']
  await run('ip', [...inside, 'addr', 'add', `${NODE.address}/24`, 'dev', 'eth0'])
  await run('ip', [...inside, 'link', 'set', 'lo', 'up'])
  await run('ip', [...inside, 'link', 'set', 'eth0', 'up'])
}

export async function unplugNode(): Promise<void> {
  await run('ip', ['link', 'del', 'tap0'])
  await run('ip', ['netns', 'del', NODE.name])
}

/** Words that enter the node. */
export const INSIDE: readonly string[] = ['ip', 'netns', 'exec', NODE.name]
