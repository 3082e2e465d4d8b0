import { run } from '@clarion-lb/lab'

/** Two hosts on a cable: who sends routes, and who receives them. Who feeds the sender is beside the receiver. */
export const SENDER = { name: 'bench-sender', ipv4: '192.0.2.1', ipv6: '2001:db8::1' } as const
export const RECEIVER = { name: 'bench-receiver', ipv4: '192.0.2.2', ipv6: '2001:db8::2' } as const
export const FEEDER = { ipv4: '192.0.2.3', ipv6: '2001:db8::3' } as const
export const ASN = { sender: 64_501, receiver: 64_502, feeder: 64_503 } as const

/** Words that enter a namespace. */
export function inside({ name }: { readonly name: string }): readonly string[] {
  return ['ip', 'netns', 'exec', name]
}

export async function plugPair(): Promise<void> {
  for (const { name } of [SENDER, RECEIVER]) {
    await run('ip', ['netns', 'add', name])
    await run('ip', ['-n', name, 'link', 'set', 'lo', 'up'])
    // A connection learns nothing of how fast the one before it was.
    await run('ip', ['netns', 'exec', name, 'sysctl', '-qw', 'net.ipv4.tcp_no_metrics_save=1'])
  }
  const [a, b] = [SENDER.name, RECEIVER.name]
  await run('ip', ['link', 'add', 'e0', 'netns', a, 'type', 'veth', 'peer', 'name', 'e0', 'netns', b])
  await addAddresses(SENDER.name, [SENDER])
  await addAddresses(RECEIVER.name, [RECEIVER, FEEDER])
}

export async function unplugPair(): Promise<void> {
  for (const { name } of [SENDER, RECEIVER]) await run('ip', ['netns', 'del', name])
}

async function addAddresses(
  name: string,
  hosts: readonly { readonly ipv4: string; readonly ipv6: string }[]
): Promise<void> {
  for (const { ipv4, ipv6 } of hosts) {
    await run('ip', ['-n', name, 'addr', 'add', `${ipv4}/24`, 'dev', 'e0'])
    await run('ip', ['-n', name, 'addr', 'add', `${ipv6}/64`, 'dev', 'e0', 'nodad'])
  }
  await run('ip', ['-n', name, 'link', 'set', 'e0', 'up'])
}
