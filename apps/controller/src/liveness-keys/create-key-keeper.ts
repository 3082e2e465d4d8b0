import { type EventRecorder, hasStatus, type LeaderElector } from '@clarion-lb/k8s-watch'
import { describeError, type PartsContext, type Service } from '@clarion-lb/runtime'
import { KeyKeeper } from './key-keeper.ts'
import type { KeyChange } from './stored-keys.ts'

export interface KeyKeeperContext extends Pick<PartsContext, 'client' | 'namespace' | 'log'> {
  readonly elector: Pick<LeaderElector, 'isLeader' | 'onChange'>
  readonly recorder: Pick<EventRecorder, 'record'>
  /** @defaultValue 60_000 */
  readonly stepMs?: number
}

/** The Secret that speakers have their keys from. */
export const LIVENESS_SECRET = 'clarion-liveness'

const LABELS = {
  app: 'metallb',
  'app.kubernetes.io/name': 'clarion',
  'app.kubernetes.io/component': 'liveness',
  'app.kubernetes.io/managed-by': 'clarion-controller'
} as const

/** What owners of the cluster are told; the last one is for those who rotate. */
const TOLD: Readonly<Record<KeyChange, readonly ['Normal' | 'Warning', string, string]>> = {
  created: ['Normal', 'KeyCreated', 'speakers have a key now'],
  restored: [
    'Warning',
    'KeyRestored',
    'what was there was no key of at least 16 octets: the one before is back'
  ],
  replaced: ['Warning', 'KeyReplaced', 'what was there was no key of at least 16 octets: there is a new one'],
  cleared: ['Warning', 'KeyCleared', 'next or previous was no key of at least 16 octets: removed'],
  'rotation begun': ['Normal', 'KeyRotation', 'all speakers learn the next key'],
  'key in use': ['Normal', 'KeyRotation', 'the next key is in use; the previous one is still accepted'],
  'rotation done': ['Normal', 'KeyRotation', 'the previous key is not accepted any more'],
  'rotation resumed': ['Warning', 'KeyRotation', 'when this step began is not known: it begins now']
}

/** The keeper of the keys, told of leadership, with a log and events. */
export function createKeyKeeper({
  client,
  namespace,
  log,
  elector,
  recorder,
  stepMs
}: KeyKeeperContext): Service {
  let told: string | undefined
  const secret = { namespace, name: LIVENESS_SECRET }
  const keeper = new KeyKeeper({
    client,
    secret,
    labels: LABELS,
    mayWrite: () => elector.isLeader(),
    onChange: (change, stored) => {
      told = undefined
      const [type, reason, message] = TOLD[change]
      recorder.record({ ...stored, apiVersion: 'v1', kind: 'Secret' }, type, reason, message)
      log[type === 'Warning' ? 'warn' : 'info']({ secret: secret.name, change }, 'liveness keys stored')
    },
    onProblem: (error) => {
      // The usual way of two that write at once; what the other one wrote is looked at.
      if (hasStatus(error, 409)) return
      const text = describeError(error)
      if (told !== text) log.warn({ secret: secret.name, error: text }, 'liveness keys not looked after')
      told = text
    },
    ...(stepMs === undefined ? {} : { stepMs })
  })
  let unfollow = (): void => undefined
  return {
    name: 'liveness keys',
    start: () => {
      unfollow = elector.onChange(({ type }) => {
        if (type === 'started') keeper.look()
      })
      keeper.start()
    },
    stop: async () => {
      unfollow()
      await keeper.stop()
    }
  }
}
