import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Inbox } from '../support/inbox.ts'
import type { Namespace } from '../support/namespace.ts'
import type { CommandName, Commands, FromDriver, PeerSpec, Reply, SpeakerSpec } from './driver-protocol.ts'

/** The test's end of a driver: our speaker, in a process of its own. */
export class Speaker {
  readonly #child: ChildProcess
  readonly #inbox: Inbox<FromDriver>
  #lastId = 0

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#inbox = new Inbox(child)
  }

  /** Starts a process with a speaker and these peers. */
  static async start(
    namespace: Namespace,
    spec: SpeakerSpec,
    ...peers: readonly PeerSpec[]
  ): Promise<Speaker> {
    const speaker = new Speaker(namespace.fork(join(import.meta.dirname, 'driver.ts')))
    await speaker.#inbox.next('ready')
    await speaker.ask('start', spec)
    for (const peer of peers) await speaker.ask('addPeer', peer)
    return speaker
  }

  /** Has a command done. @throws what it throws */
  async ask<Name extends CommandName>(
    command: Name,
    argument: Commands[Name][0]
  ): Promise<Commands[Name][1]> {
    this.#lastId += 1
    const id = this.#lastId
    this.#child.send({ id, command, argument })
    const answer = await this.#inbox.next('reply', (reply) => reply.id === id)
    if (answer.command === 'failed') throw new Error(`${command}: ${answer.message}`)
    assert(isReplyTo(command, answer))
    return answer.result
  }

  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }

  /** As a crash. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}

function isReplyTo<Name extends CommandName>(
  command: Name,
  message: FromDriver
): message is Extract<Reply, { command: Name }> {
  return message.type === 'reply' && message.command === command
}
