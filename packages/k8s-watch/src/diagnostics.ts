import { type Channel, channel } from 'node:diagnostics_channel'
import type { InformerProblem } from './informer-options.ts'
import type { ObjectKey } from './object.ts'

/** Published on `clarion:k8s-watch:informer`. */
export type InformerMessage =
  | {
      readonly resource: string
      readonly event: 'listed' | 'absent' | 'watching' | 'checked'
      /** In the cache. */
      readonly objects: number
    }
  | { readonly resource: string; readonly event: 'problem'; readonly problem: InformerProblem }

/** Published on `clarion:k8s-watch:reconcile`, after each attempt. */
export interface ReconcileMessage {
  readonly loop: string
  readonly key: ObjectKey
  readonly outcome: 'done' | 'requeued' | 'retried' | 'given-up'
  readonly durationMs: number
  readonly error: unknown
}

/** Published on `clarion:k8s-watch:leader`. */
export interface LeaderMessage {
  readonly lease: ObjectKey
  readonly identity: string
  readonly event: 'started' | 'stopped' | 'observed' | 'problem'
  /** Who leads now, as far as is known; empty when nobody does. */
  readonly leader: string
  readonly error: unknown
}

export const INFORMER_CHANNEL: Channel = channel('clarion:k8s-watch:informer')
export const RECONCILE_CHANNEL: Channel = channel('clarion:k8s-watch:reconcile')
export const LEADER_CHANNEL: Channel = channel('clarion:k8s-watch:leader')

export function publishInformer(message: InformerMessage): void {
  if (INFORMER_CHANNEL.hasSubscribers) INFORMER_CHANNEL.publish(message)
}

export function publishReconcile(message: ReconcileMessage): void {
  if (RECONCILE_CHANNEL.hasSubscribers) RECONCILE_CHANNEL.publish(message)
}

export function publishLeader(message: LeaderMessage): void {
  if (LEADER_CHANNEL.hasSubscribers) LEADER_CHANNEL.publish(message)
}
